import type { GitProgram } from "../platform/git-program.js";
import type { Code } from "../bridge/protocol.js";
import { readHunks } from "./hunks.js";
import { byHistory, byText, isAt, linesOf, type History, type Place } from "./relocate.js";

/** A checkout, and how to query its Git. */
export interface Checkout {
  git: GitProgram;
  root: string;
}

export type Decode = (bytes: Uint8Array) => PromiseLike<string> | string;

/**
 * Where shared lines are in one file: by its history where this checkout has it, else by their
 * text.
 *
 * @param now the text of the file, as the editor shows it
 * @param checkout null where Git cannot be asked
 * @param decode makes text of what Git has stored, as the editor did of the file
 */
export async function findIn(
  now: string,
  code: Code,
  checkout: Checkout | null,
  decode: Decode,
): Promise<Place | null> {
  const history = checkout && (await historyOf(now, code, checkout, decode).catch(() => null));
  return history ? byHistory(now, code, history) : byText(now, code);
}

/** The full id of the commit that shared lines name, "" if it is not in this checkout. */
export async function commitOf({ commit }: Code, { git, root }: Checkout): Promise<string> {
  const found = commit && (await git.commit(root, commit));
  // A branch may be named like the beginning of a commit, and then Git means the branch.
  return found.startsWith(commit) ? found : "";
}

/** The shared file's content, if this checkout has it and it has the lines. */
export async function sharedFile(
  code: Code,
  { git, root }: Checkout,
  decode: Decode,
): Promise<{ text: string; commit: string } | null> {
  const commit = code.dirty ? "" : await commitOf(code, { git, root });
  const file = commit ? await git.file(root, commit, code.path) : null;
  if (file) {
    const text = await decode(file.bytes);
    if (isAt(text, code)) return { text, commit };
  }
  // Also after its commit was squashed, or if the lines were committed after sharing.
  const content = code.blob && code.blob !== file?.blob ? await git.content(root, code.blob) : null;
  if (!content) return null;
  const text = await decode(content);
  return isAt(text, code) ? { text, commit: "" } : null;
}

/** The name of the commit's file in this checkout, if Git knows that it was renamed. */
export async function renamedTo(code: Code, { git, root }: Checkout): Promise<string | null> {
  try {
    const commit = await commitOf(code, { git, root });
    return commit ? await git.renamed(root, commit, code.path) : null;
  } catch {
    return null;
  }
}

async function historyOf(
  now: string,
  code: Code,
  checkout: Checkout,
  decode: Decode,
): Promise<History | null> {
  const shared = await sharedFile(code, checkout, decode);
  if (!shared) return null;
  return {
    old: shared.text,
    hunks: readHunks(await checkout.git.diff(plain(shared.text), plain(now))),
  };
}

/** Line ends make no difference, nor does a final one. */
export function plain(text: string): string {
  const lines = linesOf(text).join("\n");
  return lines === "" || lines.endsWith("\n") ? lines : `${lines}\n`;
}
