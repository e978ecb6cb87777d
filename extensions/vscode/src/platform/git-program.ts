/** A file as a commit has it. */
export interface CommittedFile {
  /** Git's id of its content. */
  blob: string;
  bytes: Uint8Array;
}

/** A remote repository, as configured in this one. */
export interface Remote {
  name: string;
  /** As Git uses it, after `url.<base>.insteadOf`; it may have a password. */
  address: string;
}

/** Where a file is in a repository. */
export interface Located {
  /** The folder of the innermost work tree that has the file. */
  root: string;
  /** The path from there, with forward slashes. */
  path: string;
}

/**
 * Read-only queries to Git itself. Each has a limit in time and bytes, and none runs a hook, a
 * filter or another program that a repository names, or contacts a server. Ids and paths may come
 * from a stranger's message. Queries reject if Git fails.
 */
export interface GitProgram {
  /** @returns null where the file is in no repository */
  locate(file: string): Promise<Located | null>;
  /** The branch that is checked out, "" where none is. */
  branch(root: string): Promise<string>;
  /** The remotes, with all addresses that they are fetched from and pushed to. */
  remotes(root: string): Promise<Remote[]>;
  /** Whether an object with this id exists here. */
  has(root: string, id: string): Promise<boolean>;
  /**
   * Whether a commit is on any branch of any remote, or of a tag that was cloned, as far as is known
   * here. Null where there is a remote of which nothing is known, as in the work trees of a bare clone.
   */
  isPushed(root: string, commit: string): Promise<boolean | null>;
  /** The full id of the commit that a revision means, "" if there is none. */
  commit(root: string, revision: string): Promise<string>;
  /** @returns null where the commit has no such file */
  file(root: string, commit: string, path: string): Promise<CommittedFile | null>;
  /** The content with this id, null if it does not exist here. */
  content(root: string, blob: string): Promise<Uint8Array | null>;
  /** Git's id for a content; as long as `like`, which is an id of the same repository. */
  idOf(bytes: Uint8Array, like: string): string;
  /** Whether Git stores a file differently from the work tree, apart from line ends. */
  isFiltered(root: string, path: string): Promise<boolean>;
  /** The output of `git diff -U0` for two texts. */
  diff(old: string, now: string): Promise<string>;
  /**
   * What the file of a commit is called in the index now, null where it was not renamed; also where
   * another file has its name.
   */
  renamed(root: string, commit: string, path: string): Promise<string | null>;
}
