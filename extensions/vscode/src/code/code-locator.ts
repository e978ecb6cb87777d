import * as vscode from "vscode";
import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Code } from "../bridge/protocol.js";
import { SharedText } from "./as-shared.js";
import { isCertain } from "./checkouts.js";
import { findIn, renamedTo } from "./find.js";
import { program } from "./git.js";
import { label } from "./label.js";
import { sayWhatIsMissing } from "./missing.js";
import { OpenCheckouts } from "./open-checkouts.js";
import type { Lines } from "./lines.js";
import { byText, whole, type Place } from "./relocate.js";
import { filesNamedAs, search } from "./search.js";

/** How many files of the same kind are searched if the lines are not where they were. */
const READ_LIMIT = 400;
const READ_BYTES = 512 * 1024;
/** Fewer characters than this occur in many files, and identify none. */
const TELLING = 24;

interface Found {
  uri: vscode.Uri;
  place: Place;
  /** The file's former path, if Git knows that it was renamed. */
  renamedFrom?: string;
  /** In a file that only its text identifies. */
  isElsewhere?: boolean;
}

/** A file that should have the lines, and its checkout. */
interface Candidate {
  uri: vscode.Uri;
  root: vscode.Uri;
  /** If another repository may have such a file too, merely similar lines are a coincidence. */
  isUncertain: boolean;
  renamedFrom?: string;
}

/** Finds shared lines in this person's own checkout. */
export class CodeLocator implements vscode.Disposable {
  readonly #shared = new SharedText();

  dispose(): void {
    this.#shared.dispose();
  }

  async open(code: Code): Promise<void> {
    const { found, checkouts } = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Window,
        title: vscode.l10n.t("Looking for the shared lines"),
      },
      () => this.#look(code),
    );
    if (!found) return this.#gone(code, checkouts);
    await show(await vscode.workspace.openTextDocument(found.uri), found.place);
    await this.#tell(found, code, checkouts);
  }

  async #look(code: Code): Promise<{ found: Found | null; checkouts: OpenCheckouts }> {
    const checkouts = await OpenCheckouts.forLines(code);
    const tried = new Set<string>();
    const found = await this.#findIn(this.#expected(code, checkouts), code, tried);
    if (found && !found.place.isDoubtful) return { found, checkouts };
    return { found: (await this.#elsewhere(code, tried, checkouts)) ?? found, checkouts };
  }

  /** The first of these files that certainly has the lines, else the first that may have them. */
  async #findIn(
    candidates: AsyncIterable<Candidate>,
    code: Code,
    tried: Set<string>,
  ): Promise<Found | null> {
    let doubtful: Found | null = null;
    for await (const { uri, root, renamedFrom, isUncertain } of candidates) {
      if (tried.has(uri.toString())) continue;
      tried.add(uri.toString());
      const place = await this.#find(uri, root, code);
      const found = place && { uri, place, ...(renamedFrom !== undefined && { renamedFrom }) };
      if (found && !found.place.isDoubtful) return found;
      if (!isUncertain) doubtful ??= found;
    }
    return doubtful;
  }

  /** Explains how the lines were found, and how certain that is. */
  async #tell(
    { uri, place, renamedFrom, isElsewhere }: Found,
    code: Code,
    checkouts: OpenCheckouts,
  ): Promise<void> {
    const { l10n, window, workspace } = vscode;
    const name = isolated(workspace.asRelativePath(uri));
    const words: string[] = [];
    if (renamedFrom !== undefined)
      words.push(l10n.t("{0} was renamed to {1}.", isolated(renamedFrom), name));
    switch (place.how) {
      case "moved":
        words.push(
          l10n.t(
            "These lines have moved from line {0} since they were shared: {1}",
            code.start_line,
            name,
          ),
        );
        break;
      case "text":
        words.push(
          isElsewhere
            ? l10n.t("Found by its text in another file: {0}", name)
            : l10n.t(
                "Found by its text, at line {0} in place of {1}: {2}",
                place.start,
                code.start_line,
                name,
              ),
        );
        break;
      case "changed":
        words.push(l10n.t("These lines have changed since they were shared: {0}", name));
        break;
      case "similar":
        words.push(
          l10n.t(
            "This looks similar to the shared lines, which are not here as they were: {0}",
            name,
          ),
        );
    }
    if (words.length === 0) return;
    if (place.how !== "changed" && place.how !== "similar")
      return void window.setStatusBarMessage(words.join(" "), 8000);
    const showIt = l10n.t("Show as It Was");
    const chosen = await window.showInformationMessage(words.join(" "), showIt);
    if (chosen) await this.#showAsItWas(code, checkouts);
  }

  async #showAsItWas(code: Code, checkouts: OpenCheckouts): Promise<void> {
    const { document, lines } = await this.#shared.documentOf(code, checkouts.possible);
    await show(document, lines);
  }

  /** Explains why there is nothing to open, and what the person can do. */
  async #gone(code: Code, checkouts: OpenCheckouts): Promise<void> {
    const { l10n, window, workspace } = vscode;
    const isKnown = code.repository !== "" || code.commit !== "";
    if (!workspace.workspaceFolders?.length || (isKnown && checkouts.isMissing))
      return sayWhatIsMissing(code);
    const showIt = l10n.t("Show as It Was");
    const words = [l10n.t("The shared lines of {0} are gone from this checkout.", label(code))];
    // A checkout may have the commit, but not the lines in its file: then there is nothing to
    // fetch.
    if (
      code.commit &&
      !code.dirty &&
      !checkouts.haveCommit &&
      !(await this.#shared.fileOf(code, checkouts.possible))
    ) {
      words.push(
        l10n.t(
          "Fetch commit {0}, then open them again to see them as they were.",
          code.commit.slice(0, 7),
        ),
      );
    }
    const chosen = await window.showInformationMessage(words.join(" "), showIt);
    if (chosen) await this.#showAsItWas(code, checkouts);
  }

  /**
   * Finds the lines in another file: one of the same name, or one of the same kind that has all of
   * them.
   */
  async #elsewhere(
    code: Code,
    tried: ReadonlySet<string>,
    checkouts: OpenCheckouts,
  ): Promise<Found | null> {
    const { path, text } = code;
    for (const uri of checkouts.inOrder(await filesNamedAs(path))) {
      if (tried.has(uri.toString())) continue;
      const place = byText(await textOf(uri), code);
      if (place && !place.isDoubtful) return { uri, place: inAnother(place), isElsewhere: true };
    }
    const extension = /\.\w{1,12}$/.exec(path)?.[0];
    if (!extension || text.replace(/\s/g, "").length < TELLING) return null;
    for (const uri of checkouts.inOrder(await search(`**/*${extension}`, READ_LIMIT))) {
      if (tried.has(uri.toString())) continue;
      const place = whole(await textOf(uri), code);
      if (place) return { uri, place: { ...place, how: "text" }, isElsewhere: true };
    }
    return null;
  }

  /**
   * Where the file should be, in the likeliest checkout first: at its path, or renamed as Git
   * knows.
   */
  async *#expected(code: Code, checkouts: OpenCheckouts): AsyncGenerator<Candidate> {
    const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri);
    const roots = [
      ...checkouts.possible.map(({ root }) => vscode.Uri.file(root)),
      ...folders.filter((uri) => checkouts.containing(uri)?.fit !== "other"),
    ];
    for (const root of roots) {
      const checkout = checkouts.containing(root);
      const isUncertain = checkout !== undefined && !isCertain(checkout);
      const uri = vscode.Uri.joinPath(root, code.path);
      if (await isFile(uri)) yield { uri, root, isUncertain };
      // Another file may have its name by now.
      const path = checkout?.fit === "commit" && (await renamedTo(code, checkout));
      const renamed = path && vscode.Uri.joinPath(vscode.Uri.file(checkout.root), path);
      if (renamed && (await isFile(renamed)))
        yield { uri: renamed, root, isUncertain, renamedFrom: code.path };
    }
  }

  async #find(uri: vscode.Uri, root: vscode.Uri, code: Code): Promise<Place | null> {
    try {
      const document = await vscode.workspace.openTextDocument(uri);
      const asked = root.scheme === "file" ? await program() : null;
      const { encoding } = document;
      const decode = (bytes: Uint8Array) => vscode.workspace.decode(bytes, { encoding });
      return await findIn(
        document.getText(),
        code,
        asked && { git: asked, root: root.fsPath },
        decode,
      );
    } catch {
      return null; // not a text any more
    }
  }
}

/** In a file that only shares the name, the same place is a coincidence. */
function inAnother(place: Place): Place {
  return place.how === "same" ? { ...place, how: "text" } : place;
}

/** The content of a file, as an open editor shows it; "" if it is no file to search. */
async function textOf(uri: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find(
    (each) => each.uri.toString() === uri.toString(),
  );
  if (open) return open.getText();
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > READ_BYTES) return "";
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return "";
  }
}

async function isFile(uri: vscode.Uri): Promise<boolean> {
  try {
    // The type of a link to a file has both flags.
    return ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.File) !== 0;
  } catch {
    return false;
  }
}

async function show(document: vscode.TextDocument, { start, end }: Lines): Promise<void> {
  const last = Math.min(end - 1, document.lineCount - 1);
  const selection = new vscode.Range(start - 1, 0, last, document.lineAt(last).text.length);
  await vscode.window.showTextDocument(document, { selection });
}
