import * as vscode from "vscode";
import type { Code } from "../bridge/protocol.js";
import { sharedFile, type Checkout } from "./find.js";
import { git } from "./git.js";
import type { Lines } from "./lines.js";
import { isAt } from "./relocate.js";

const SCHEME = "mediachat-shared";
/** Texts for documents that may still be open. */
const KEPT = 50;

/** A document with the shared lines, and their place in it. */
export interface AsShared {
  document: vscode.TextDocument;
  lines: Lines;
}

/**
 * Shows shared lines as they were: in the file of their commit, in the shared content if it is
 * available under another commit or none, otherwise by themselves.
 */
export class SharedText implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #provided = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  #count = 0;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.query) ?? "";
  }

  dispose(): void {
    this.#provided.dispose();
  }

  /** @param checkouts where the file may be known */
  async documentOf(code: Code, checkouts: readonly Checkout[]): Promise<AsShared> {
    const lines = { start: code.start_line, end: code.end_line };
    const file = await this.fileOf(code, checkouts);
    if (!file)
      return {
        document: await this.#keep(code, code.text),
        lines: { start: 1, end: lines.end - lines.start + 1 },
      };
    const committed = file.commit && (await this.#committed(code, file.root, file.commit));
    return { document: committed || (await this.#keep(code, file.text)), lines };
  }

  /** The whole file as it was shared, or null if no checkout has it. */
  async fileOf(
    code: Code,
    checkouts: readonly Checkout[],
  ): Promise<{ root: vscode.Uri; text: string; commit: string } | null> {
    for (const checkout of checkouts) {
      const root = vscode.Uri.file(checkout.root);
      // In the encoding that a file at this place has by the settings.
      const decode = (bytes: Uint8Array) =>
        vscode.workspace.decode(bytes, { uri: vscode.Uri.joinPath(root, code.path) });
      const file = await sharedFile(code, checkout, decode).catch(() => null);
      if (file) return { root, ...file };
    }
    return null;
  }

  /**
   * The editor's own document of a commit's file; null if that would show the lines differently.
   */
  async #committed(
    code: Code,
    root: vscode.Uri,
    commit: string,
  ): Promise<vscode.TextDocument | null> {
    const uri = (await git())?.toGitUri(vscode.Uri.joinPath(root, code.path), commit);
    try {
      const document = uri && (await vscode.workspace.openTextDocument(uri));
      return document && isAt(document.getText(), code) ? document : null;
    } catch {
      return null;
    }
  }

  async #keep(code: Code, text: string): Promise<vscode.TextDocument> {
    const key = String(++this.#count);
    this.#texts.set(key, text);
    for (const old of [...this.#texts.keys()].slice(0, -KEPT)) this.#texts.delete(old);
    const name = vscode.l10n.t("{0} (as shared)", code.path.split("/").at(-1) ?? code.path);
    const document = await vscode.workspace.openTextDocument(
      vscode.Uri.from({ scheme: SCHEME, path: `/${name}`, query: key }),
    );
    const isKnown =
      code.language !== "" && (await vscode.languages.getLanguages()).includes(code.language);
    return isKnown ? vscode.languages.setTextDocumentLanguage(document, code.language) : document;
  }
}
