import * as vscode from "vscode";
import { isolated } from "../../../../static/chat/names.js";
import type { Code } from "../view/protocol.js";
import { git, nameOf } from "./git.js";
import { label } from "./label.js";
import { relocate, whole, type Lines } from "./relocate.js";
import { isSameRepository } from "./remote.js";

const SEARCH_LIMIT = 20;
const SEARCH_PATIENCE_MS = 10_000;
const NOT_SEARCHED = "**/{node_modules,.git,dist,out,build,.venv}/**";
/** Files of the same kind that are looked into when the lines are not where they were. */
const READ_LIMIT = 400;
const READ_BYTES = 512 * 1024;
/** Fewer signs than this are found in many a file, and mean none of them. */
const TELLING = 24;

interface Found {
  uri: vscode.Uri;
  place: Lines;
}

/** Finds shared lines in this person's own checkout. */
export class CodePlaces {
  async open(code: Code): Promise<void> {
    const expected = await this.#expected(code);
    if (await this.#openIn(expected, code)) return;
    const found = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking for the shared lines") },
      async () => this.#elsewhere(code, expected),
    );
    if (!found) return this.#gone(code);
    await show(found.uri, found.place);
    this.#tellMoved(found.uri);
  }

  /** Opens the first of these files that has the lines. */
  async #openIn(uris: vscode.Uri[], code: Code): Promise<boolean> {
    for (const uri of uris) {
      const place = await this.#find(uri, code);
      if (!place) continue;
      await show(uri, place);
      if (place.start !== code.start_line) this.#tellMoved(uri);
      return true;
    }
    return false;
  }

  #tellMoved(uri: vscode.Uri): void {
    const name = isolated(vscode.workspace.asRelativePath(uri));
    vscode.window.setStatusBarMessage(vscode.l10n.t("These lines have moved since they were shared: {0}", name), 8000);
  }

  /** Says why there is nothing to open, and what can be done about it. */
  async #gone(code: Code): Promise<void> {
    const { l10n, window, workspace } = vscode;
    const openFolder = l10n.t("Open Folder…");
    const repositories = (await git())?.repositories ?? [];
    const isOther = repositories.length > 0 && !repositories.some((each) => isSameRepository(nameOf(each), code.repository));
    if (!workspace.workspaceFolders?.length || (code.repository && isOther)) {
      const chosen = await window.showInformationMessage(
        code.repository
          ? l10n.t("{0} is from {1}, which is not open here. Open your checkout of it, then try again.", label(code), isolated(code.repository))
          : l10n.t("{0} is not open here. Open the folder that you keep it in, then try again.", label(code)),
        openFolder,
      );
      if (chosen) await vscode.commands.executeCommand("vscode.openFolder");
      return;
    }
    const asItWas = await this.#asItWas(code);
    const showIt = l10n.t("Show as It Was");
    const words = [l10n.t("The shared lines of {0} are gone from this checkout.", label(code))];
    if (code.commit && !asItWas) words.push(l10n.t("Fetch commit {0}, then open them again to see them as they were.", code.commit.slice(0, 7)));
    const chosen = await window.showInformationMessage(words.join(" "), ...(asItWas ? [showIt] : []));
    if (chosen && asItWas) await show(asItWas, { start: code.start_line, end: code.end_line });
  }

  /** The lines in another file: one of the same name, or one of the same kind that has them whole. */
  async #elsewhere({ path, text, start_line }: Code, known: vscode.Uri[]): Promise<Found | null> {
    const tried = new Set(known.map(String));
    const name = path.split("/").at(-1) ?? path;
    // The name comes from somebody else: signs that a pattern would read are left out.
    const pattern = `**/${name.replace(/[[\]{}*?!,]/g, "?")}`;
    for (const uri of await search(pattern, SEARCH_LIMIT)) {
      if (tried.has(uri.toString())) continue;
      const place = relocate(await textOf(uri), text, start_line);
      if (place) return { uri, place };
    }
    const extension = /\.\w{1,12}$/.exec(path)?.[0];
    if (!extension || text.replace(/\s/g, "").length < TELLING) return null;
    for (const uri of await search(`**/*${extension}`, READ_LIMIT)) {
      if (tried.has(uri.toString())) continue;
      const place = whole(await textOf(uri), text, start_line);
      if (place) return { uri, place };
    }
    return null;
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

  /** Where the file is if nothing has changed: the same path in the same repository first. */
  async #expected({ repository, path }: Code): Promise<vscode.Uri[]> {
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

/** Files of the workspace. A virtual one may have nobody who searches it, and then never answers. */
async function search(pattern: string, limit: number): Promise<vscode.Uri[]> {
  const cancel = new vscode.CancellationTokenSource();
  let patience: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<vscode.Uri[]>((resolve) => {
    patience = setTimeout(() => resolve([]), SEARCH_PATIENCE_MS);
  });
  try {
    return await Promise.race([vscode.workspace.findFiles(pattern, NOT_SEARCHED, limit, cancel.token), late]);
  } finally {
    clearTimeout(patience);
    cancel.cancel();
  }
}

/** What is in a file; "" where it is none that one would look into. */
async function textOf(uri: vscode.Uri): Promise<string> {
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > READ_BYTES) return "";
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return "";
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
