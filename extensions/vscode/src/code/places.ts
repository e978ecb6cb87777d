import * as vscode from "vscode";
import type { Code } from "../view/protocol.js";
import { git, nameOf } from "./git.js";
import { relocate, type Lines } from "./relocate.js";
import { isSameRepository } from "./remote.js";
import { label } from "./share.js";

const SEARCH_LIMIT = 20;
const NOT_SEARCHED = "**/{node_modules,.git,dist,out,build,.venv}/**";

/** Finds shared lines in this person's own checkout. */
export class CodePlaces {
  async open(code: Code): Promise<void> {
    const { l10n, window } = vscode;
    const uris = await this.#candidates(code);
    for (const uri of uris) {
      const place = await this.#find(uri, code);
      if (!place) continue;
      await show(uri, place);
      const isMoved = place.start !== code.start_line || !uri.path.endsWith(`/${code.path}`);
      if (isMoved) window.setStatusBarMessage(l10n.t("These lines have moved since they were shared."), 6000);
      return;
    }
    await this.#gone(code, uris[0]);
  }

  async #gone(code: Code, uri: vscode.Uri | undefined): Promise<void> {
    const { l10n, window } = vscode;
    if (!vscode.workspace.workspaceFolders?.length) {
      void window.showInformationMessage(
        l10n.t("{0} is not open here. Open the folder that you keep {1} in, then try again.", label(code), code.repository || code.path),
      );
      return;
    }
    const asItWas = await this.#asItWas(code);
    const choice = asItWas ? [l10n.t("Show as It Was")] : [];
    const words = uri
      ? l10n.t("{0} is here, but the shared lines are gone from it.", code.path)
      : l10n.t("{0} is not in this workspace.", code.path);
    const chosen = await window.showInformationMessage(words, ...choice);
    if (chosen && asItWas) await show(asItWas, { start: code.start_line, end: code.end_line });
  }

  /** The file in the commit that the lines were shared from, where this checkout has it. */
  async #asItWas({ repository, commit, path }: Code): Promise<vscode.Uri | null> {
    if (!commit) return null;
    const api = await git();
    for (const each of api?.repositories ?? []) {
      if (repository && !isSameRepository(nameOf(each), repository)) continue;
      const uri = vscode.Uri.joinPath(each.rootUri, path);
      const has = await each.show(commit, uri.fsPath).then(() => true, () => false);
      if (has && api) return api.toGitUri(uri, commit);
    }
    return null;
  }

  /** Files that the lines may be in: the same path in the same repository first. */
  async #candidates({ repository, path }: Code): Promise<vscode.Uri[]> {
    const repositories = (await git())?.repositories ?? [];
    const same = repositories.filter((each) => isSameRepository(nameOf(each), repository));
    const roots = [
      ...same.map(({ rootUri }) => rootUri),
      ...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri),
    ];
    const found = new Map<string, vscode.Uri>();
    for (const root of roots) {
      const uri = vscode.Uri.joinPath(root, path);
      if (await isFile(uri)) found.set(uri.toString(), uri);
    }
    const name = path.split("/").at(-1) ?? path;
    // The name comes from somebody else: signs that a pattern would read are left out.
    const pattern = `**/${name.replace(/[[\]{}*?!,]/g, "?")}`;
    for (const uri of await vscode.workspace.findFiles(pattern, NOT_SEARCHED, SEARCH_LIMIT)) {
      found.set(uri.toString(), uri);
    }
    return [...found.values()];
  }

  async #find(uri: vscode.Uri, code: Code): Promise<Lines | null> {
    try {
      const document = await vscode.workspace.openTextDocument(uri);
      return relocate(document.getText(), code.text, code.start_line);
    } catch {
      return null; // not a text any more
    }
  }
}

async function isFile(uri: vscode.Uri): Promise<boolean> {
  try {
    return (await vscode.workspace.fs.stat(uri)).type === vscode.FileType.File;
  } catch {
    return false;
  }
}

async function show(uri: vscode.Uri, { start, end }: Lines): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const last = Math.min(end - 1, document.lineCount - 1);
  const selection = new vscode.Range(start - 1, 0, last, document.lineAt(last).text.length);
  await vscode.window.showTextDocument(document, { selection });
}
