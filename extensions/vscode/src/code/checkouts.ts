import type { GitProgram } from "../platform/git-program.js";
import type { Code } from "../view/protocol.js";
import type { Checkout } from "./find.js";
import { isNamedAlike, isSameRepository, repositoryName } from "./remote.js";

/**
 * By what a checkout is taken for one of the repository that lines were shared from, the surest
 * first: it has the commit, or the file as it was shared; a remote has the repository's name; a
 * remote is called alike, as forks and mirrors are; nothing speaks against it; another repository.
 */
const FITS = ["commit", "content", "name", "alike", "unknown", "other"] as const;
export type Fit = (typeof FITS)[number];

/** A checkout that is open here. */
export interface OpenCheckout extends Checkout {
  fit: Fit;
}

/**
 * The checkouts in the order in which lines are looked for in them. Of several that have the
 * commit, such as the work trees of one clone, the first is the one that has it checked out, then
 * one on the same branch.
 *
 * @param roots folders of work trees
 */
export async function inOrder(code: Code, git: GitProgram, roots: readonly string[]): Promise<OpenCheckout[]> {
  const known: Judged[] = [];
  // One after the other: a workspace may have dozens of them, and a machine two cores.
  for (const root of roots) known.push(await judged(code, git, root));
  const keys = ({ checkout, isAtCommit, isOnBranch }: Judged) => [FITS.indexOf(checkout.fit), Number(!isAtCommit), Number(!isOnBranch)];
  const compare = (one: number[], other: number[]) => one.map((key, at) => key - (other[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
  return known.sort((one, other) => compare(keys(one), keys(other))).map(({ checkout }) => checkout);
}

/** Whether it is surely one of the repository, also when the lines are not in it. */
export const isCertain = ({ fit }: OpenCheckout) => fit === "commit" || fit === "content" || fit === "name";

interface Judged {
  checkout: OpenCheckout;
  isAtCommit: boolean;
  isOnBranch: boolean;
}

async function judged(code: Code, git: GitProgram, root: string): Promise<Judged> {
  try {
    const [commit, head, branch, hasContent, remotes] = await Promise.all([
      code.commit ? git.commit(root, code.commit) : "",
      git.commit(root, "HEAD"),
      git.branch(root),
      code.blob ? git.has(root, code.blob) : false,
      git.remotes(root),
    ]);
    const names = remotes.map(({ address }) => repositoryName(address)).filter(Boolean);
    const fit = fitOf(code.repository, { hasCommit: commit !== "", hasContent, names });
    return { checkout: { git, root, fit }, isAtCommit: commit !== "" && commit === head, isOnBranch: code.branch !== "" && code.branch === branch };
  } catch {
    // Git did not answer in time.
    return { checkout: { git, root, fit: "unknown" }, isAtCommit: false, isOnBranch: false };
  }
}

function fitOf(repository: string, { hasCommit, hasContent, names }: { hasCommit: boolean; hasContent: boolean; names: string[] }): Fit {
  if (hasCommit) return "commit";
  if (hasContent) return "content";
  if (names.some((name) => isSameRepository(name, repository))) return "name";
  if (names.some((name) => isNamedAlike(name, repository))) return "alike";
  return repository === "" || names.length === 0 ? "unknown" : "other";
}
