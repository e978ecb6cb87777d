import * as vscode from "vscode";
import type { GitProgram } from "../platform/git-program.js";
import type { Code } from "../bridge/protocol.js";
import { inOrder, isCertain, type OpenCheckout } from "./checkouts.js";
import { git, program } from "./git.js";
import { filesNamedAs } from "./search.js";

/** The checkouts in this window that may have shared lines, and those that do not. */
export class OpenCheckouts {
  /** @param all the likeliest to have the lines first */
  private constructor(private readonly all: readonly OpenCheckout[]) {}

  /**
   * Queries Git about the open repositories and those of the workspace's folders; if none of them
   * is certainly the right one, also about those of files with the shared file's name.
   */
  static async forLines(code: Code): Promise<OpenCheckouts> {
    const asked = await program();
    if (!asked) return new OpenCheckouts([]);
    const repositories = (await git())?.repositories ?? [];
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(
      ({ uri }) => uri.scheme === "file",
    );
    const places = [
      ...repositories.map(({ rootUri }) => rootUri),
      ...folders.map(({ uri }) => uri),
    ];
    const roots = new Map<string, string>();
    for (const uri of places)
      await addRoot(roots, asked, vscode.Uri.joinPath(uri, "any"), uri.fsPath);
    const opened = await inOrder(code, asked, [...roots.values()]);
    const isNamed = code.repository !== "" || code.commit !== "";
    if (!isNamed || opened.some(isCertain)) return new OpenCheckouts(opened);
    for (const uri of await filesNamedAs(code.path)) await addRoot(roots, asked, uri);
    return new OpenCheckouts(await inOrder(code, asked, [...roots.values()]));
  }

  /** Those that may have the lines. */
  get possible(): readonly OpenCheckout[] {
    return this.all.filter(({ fit }) => fit !== "other");
  }

  /** Whether one of them has the commit that the lines name. */
  get haveCommit(): boolean {
    return this.all.some(({ fit }) => fit === "commit");
  }

  /** Whether repositories are open, but none is certainly the one that the lines come from. */
  get isMissing(): boolean {
    return this.all.length > 0 && !this.all.some(isCertain);
  }

  /** The checkout that contains a file or folder. */
  containing(uri: vscode.Uri): OpenCheckout | undefined {
    const isIn = ({ root }: OpenCheckout) =>
      `${uri.toString()}/`.startsWith(`${vscode.Uri.file(root).toString()}/`);
    // One may be inside another, as submodules are.
    return this.all.filter(isIn).sort((one, other) => other.root.length - one.root.length)[0];
  }

  /** The files without those of other repositories, the likeliest first. */
  inOrder(uris: readonly vscode.Uri[]): vscode.Uri[] {
    const ranked = uris
      .map((uri) => ({ uri, checkout: this.containing(uri) }))
      .filter(({ checkout }) => checkout?.fit !== "other");
    const rank = (checkout: OpenCheckout | undefined) =>
      checkout ? this.all.indexOf(checkout) : this.all.length;
    return ranked
      .sort((one, other) => rank(one.checkout) - rank(other.checkout))
      .map(({ uri }) => uri);
  }
}

/**
 * Adds the root of the work tree that a file is in. Git tells where it really is; editors show it
 * where it was opened.
 */
async function addRoot(
  roots: Map<string, string>,
  asked: GitProgram,
  file: vscode.Uri,
  opened?: string,
): Promise<void> {
  const found = file.scheme === "file" ? await asked.locate(file.fsPath).catch(() => null) : null;
  if (found && !roots.has(found.root))
    roots.set(found.root, opened && found.path === "any" ? opened : found.root);
}
