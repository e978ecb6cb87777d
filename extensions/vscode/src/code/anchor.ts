import * as vscode from "vscode";
import { CONTEXT_LIMIT, CONTEXT_LINES } from "../../../../static/chat/protocol.js";
import type { GitProgram, Located } from "../platform/git-program.js";
import type { Code } from "../bridge/protocol.js";
import { plain } from "./find.js";
import { program } from "./git.js";
import { follow, readHunks } from "./hunks.js";
import { commonName } from "./remote.js";
import type { Lines } from "./lines.js";
import { isAt, linesOf } from "./relocate.js";

/**
 * The Git extension's names for states of a file that are no commit: staged, or a side of a
 * conflict.
 */
const NO_COMMIT = /^(~\d?|:\d?|index|wt|)$/;

type Anchor = Omit<Code, "language" | "text">;
type Claim = Pick<Code, "commit" | "start_line" | "end_line" | "dirty" | "blob">;
/** The editor's text, and the encoding of its file. */
type Shown = { shown: string; encoding: string };

/**
 * Where lines of a document come from. Nothing is claimed without a check: a commit is named only
 * if its file has the lines, with their numbers there, or if they are based on it with changes
 * (`dirty`).
 */
export async function anchorOf(document: vscode.TextDocument, lines: Lines): Promise<Anchor> {
  // Read once: the person may type while Git runs.
  const shown = document.getText();
  const unknown = { start_line: lines.start, end_line: lines.end, ...contextOf(shown, lines) };
  const source = sourceOf(document.uri);
  const asked = source && (await program());
  const located = asked && (await asked.locate(source.file).catch(() => null));
  if (!located)
    return { repository: "", branch: "", commit: "", path: loosePath(document.uri), ...unknown };
  const repository = commonName(await asked.remotes(located.root).catch(() => []));
  try {
    const head = await asked.commit(located.root, "HEAD");
    const base =
      source.revision === "HEAD" ? head : await asked.commit(located.root, source.revision);
    const branch = base === head ? await asked.branch(located.root) : "";
    if (source.revision !== "HEAD" && !base)
      return { repository, branch: "", commit: "", path: located.path, ...unknown };
    const claim = await claimOf(
      { shown, encoding: document.encoding },
      lines,
      base,
      located,
      asked,
    );
    return { repository, branch, path: located.path, ...unknown, ...claim };
  } catch {
    // Git did not answer in time, or the file is too large: then no commit is named.
    return { repository, branch: "", commit: "", path: located.path, ...unknown };
  }
}

/**
 * Whether no remote has a commit, as far as the document's checkout knows; then readers may not
 * have it.
 */
export async function isUnpushed(document: vscode.TextDocument, commit: string): Promise<boolean> {
  const source = commit ? sourceOf(document.uri) : null;
  const asked = source && (await program());
  try {
    const located = asked && (await asked.locate(source.file));
    return located ? (await asked.isPushed(located.root, commit)) === false : false;
  } catch {
    return false; // Git did not answer in time. Nothing is said that was not looked up.
  }
}

/** Compares the editor's text with the file of a commit. */
async function claimOf(
  { shown, encoding }: Shown,
  lines: Lines,
  commit: string,
  { root, path }: Located,
  asked: GitProgram,
): Promise<Claim> {
  const file = commit ? await asked.file(root, commit, path) : null;
  const committed = file && (await vscode.workspace.decode(file.bytes, { encoding }));
  if (file && committed !== null) {
    const [now, then] = [plain(shown), plain(committed)];
    const hunks = now === then ? [] : readHunks(await asked.diff(now, then));
    const fate = follow(hunks, lines, linesOf(shown), linesOf(committed));
    if (fate.kind === "kept") {
      const { start: start_line, end: end_line } = fate.lines;
      const text = linesOf(shown)
        .slice(lines.start - 1, lines.end)
        .join("\n");
      if (isAt(committed, { text, start_line, end_line }))
        return { commit, start_line, end_line, dirty: false, blob: file.blob };
    }
  }
  // Filtered content, such as Git LFS, cannot be compared: no program of a repository is run.
  if (await asked.isFiltered(root, path))
    return { commit: "", start_line: lines.start, end_line: lines.end };
  // Line ends are stored as in the commit's file, whatever the work tree has.
  const stored =
    committed !== null && !committed.includes("\r\n") ? linesOf(shown).join("\n") : shown;
  const blob = asked.idOf(await vscode.workspace.encode(stored, { encoding }), commit);
  return { commit, start_line: lines.start, end_line: lines.end, dirty: true, blob };
}

/** The file and revision that a document shows; null if it is no file of a repository. */
function sourceOf(uri: vscode.Uri): { file: string; revision: string } | null {
  if (uri.scheme === "file") return { file: uri.fsPath, revision: "HEAD" };
  if (uri.scheme !== "git") return null;
  try {
    const { path, ref, submoduleOf } = JSON.parse(uri.query) as Record<string, unknown>;
    // For a submodule the document shows how its commit changed, which is no file.
    if (typeof path !== "string" || typeof ref !== "string" || submoduleOf) return null;
    return { file: path, revision: NO_COMMIT.test(ref) ? "HEAD" : ref };
  } catch {
    return null;
  }
}

/** Outside the workspace, local folders stay private. */
function loosePath(uri: vscode.Uri): string {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  const path = folder ? vscode.workspace.asRelativePath(uri, false) : uri.path.split("/").at(-1);
  return path || "untitled";
}

/** As many of the surrounding lines as fit; left out if there are none. */
function contextOf(shown: string, { start, end }: Lines): Pick<Code, "before" | "after"> {
  const lines = linesOf(shown);
  const before = fitting(lines.slice(Math.max(0, start - 1 - CONTEXT_LINES), start - 1).reverse())
    .reverse()
    .join("\n");
  const after = fitting(lines.slice(end, end + CONTEXT_LINES)).join("\n");
  return { ...(before && { before }), ...(after && { after }) };
}

function fitting(lines: string[]): string[] {
  const found: string[] = [];
  for (const line of lines) {
    if (
      new TextEncoder().encode([...found, line].join("\n")).length > CONTEXT_LIMIT ||
      line.includes("\0")
    )
      break;
    found.push(line);
  }
  return found;
}
