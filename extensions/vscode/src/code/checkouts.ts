import type { GitProgram } from "../platform/git-program.js";
import type { Code } from "../bridge/protocol.js";
import { commitOf, type Checkout } from "./find.js";
import { isNamedAlike, isSameRepository, repositoryName } from "./remote.js";

/**
 * By what a checkout is taken for one of the repository that lines were shared from, the surest
 * first: it has the commit, or the file as it was shared; a remote has the repository's name; it may
 * be a fork or a mirror, for a remote is called alike, or all remotes are called otherwise and the
 * file is there; nothing speaks against it; another repository.
 */
const FITS = ["commit", "content", "name", "alike", "unknown", "other"] as const;
export type Fit = (typeof FITS)[number];

/** A checkout that is open in this window. */
export interface OpenCheckout extends Checkout {
  fit: Fit;
}

/**
 * The checkouts in the order in which lines are looked for in them. Of several that have the
 * commit, such as forks and the work trees of one clone, the first is the one that has it checked
 * out, then one of the same name, then one on the same branch.
 *
 * @param roots folders of work trees
 */
export async function inOrder(
  code: Code,
  git: GitProgram,
  roots: readonly string[],
): Promise<OpenCheckout[]> {
  const known: Judged[] = [];
  // One at a time: a workspace may have dozens of them, and a machine two cores.
  for (const root of roots) known.push(await judged(code, git, root));
  const keys = ({ checkout, isAtCommit, isNamed, isOnBranch }: Judged) => [
    FITS.indexOf(checkout.fit),
    ...[isAtCommit, isNamed, isOnBranch].map((fits) => Number(!fits)),
  ];
  const compare = (one: number[], other: number[]) =>
    one.map((key, at) => key - (other[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
  return known
    .sort((one, other) => compare(keys(one), keys(other)))
    .map(({ checkout }) => checkout);
}

/** Whether it is certainly a checkout of the repository, even without the lines. */
export const isCertain = ({ fit }: OpenCheckout) =>
  fit === "commit" || fit === "content" || fit === "name";

interface Judged {
  checkout: OpenCheckout;
  isAtCommit: boolean;
  isNamed: boolean;
  isOnBranch: boolean;
}

async function judged(code: Code, git: GitProgram, root: string): Promise<Judged> {
  try {
    const [commit, head, branch, hasContent, remotes] = await Promise.all([
      commitOf(code, { git, root }),
      git.commit(root, "HEAD"),
      git.branch(root),
      code.blob ? git.has(root, code.blob) : false,
      git.remotes(root),
    ]);
    const names = remotes.map(({ address }) => repositoryName(address)).filter(Boolean);
    const fit = fitOf(code.repository, { hasCommit: commit !== "", hasContent, names });
    const isNamed = names.some((name) => isSameRepository(name, code.repository));
    return {
      checkout: { git, root, fit },
      isAtCommit: commit !== "" && commit === head,
      isNamed,
      isOnBranch: code.branch !== "" && code.branch === branch,
    };
  } catch {
    // Git did not answer in time.
    return {
      checkout: { git, root, fit: "unknown" },
      isAtCommit: false,
      isNamed: false,
      isOnBranch: false,
    };
  }
}

function fitOf(
  repository: string,
  { hasCommit, hasContent, names }: { hasCommit: boolean; hasContent: boolean; names: string[] },
): Fit {
  if (hasCommit) return "commit";
  const isNamed = names.some((name) => isSameRepository(name, repository));
  const isOther = repository !== "" && names.length > 0 && !isNamed;
  // The same licence is in many repositories.
  if (hasContent && !isOther) return "content";
  if (isNamed) return "name";
  if (hasContent || names.some((name) => isNamedAlike(name, repository))) return "alike";
  return isOther ? "other" : "unknown";
}
