import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { CommittedFile, GitProgram, Located, Remote } from "./git-program.js";

const TIMEOUT_MS = 5_000;
const OUTPUT_LIMIT = 16 * 1024 * 1024;
/** Larger files, in bytes, are not searched: a diff of them would take too long. */
const FILE_LIMIT = 4 * 1024 * 1024;

/** A repository's settings must start no program, and neither must the person's own. */
// prettier-ignore
const OPTIONS = [
  "--no-pager", "--no-optional-locks", "--literal-pathspecs",
  "-c", "core.fsmonitor=false", "-c", `core.hooksPath=${os.devNull}`, "-c", `core.attributesFile=${os.devNull}`,
];
const PLAIN_DIFF = ["--no-ext-diff", "--no-textconv", "--no-color"];
/** Set where the editor was started by Git itself, and meant for that repository. */
const INHERITED = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_PREFIX",
  "GIT_OBJECT_DIRECTORY",
  "GIT_NAMESPACE",
];

interface Answer {
  status: number;
  bytes: Buffer;
}

/** Git as a program on this machine. */
export class NodeGit implements GitProgram {
  /** @param program where Git is, as the editor has found it */
  constructor(private readonly program: string) {}

  async locate(file: string): Promise<Located | null> {
    const { folder, rest } = await nearestFolder(file);
    const { status, bytes } = await this.#ask(folder, [
      "rev-parse",
      "--show-toplevel",
      "--show-prefix",
    ]);
    const [root, prefix] = bytes.toString().split("\n");
    return status === 0 && root ? { root, path: `${prefix ?? ""}${rest}` } : null;
  }

  async branch(root: string): Promise<string> {
    const { status, bytes } = await this.#ask(root, ["symbolic-ref", "--quiet", "--short", "HEAD"]);
    return status === 0 ? bytes.toString().trim() : "";
  }

  async remotes(root: string): Promise<Remote[]> {
    // The editor's Git extension only reads the settings file, and ignores `insteadOf`.
    const { bytes } = await this.#ask(root, ["remote", "--verbose"]);
    const lines = bytes.toString().matchAll(/^([^\t\n]+)\t(.*) \((?:fetch|push)\)/gm);
    return [...lines].map(([, name = "", address = ""]) => ({ name, address }));
  }

  async has(root: string, id: string): Promise<boolean> {
    return (await this.#ask(root, ["cat-file", "-e", checked(id)])).status === 0;
  }

  async isPushed(root: string, commit: string): Promise<boolean | null> {
    // A clone of one tag has no branch of its remote, and fetches that tag alone.
    const rules = (
      await this.#ask(root, ["config", "--null", "--get-regexp", "^remote\\..*\\.fetch$"])
    ).bytes.toString();
    const tags = await Promise.all(
      [...rules.matchAll(/:(refs\/tags\/[^\0*]+)(?=\0)/g)].map(([, tag = ""]) =>
        this.commit(root, tag),
      ),
    );
    const cloned = tags.filter(isId);
    if (cloned.length === 0 && !(await this.#knowsRemotes(root))) return null;
    const { status, bytes } = await this.#ask(root, [
      "rev-list",
      "--max-count=1",
      checked(commit),
      "--not",
      "--remotes",
      ...cloned,
      "--",
    ]);
    if (status !== 0) throw new Error("Git could not tell where the commit is.");
    return bytes.length === 0;
  }

  /** Whether anything is known of what the remotes have: of none there is nothing to know. */
  async #knowsRemotes(root: string): Promise<boolean> {
    const { status, bytes } = await this.#ask(root, ["for-each-ref", "--count=1", "refs/remotes"]);
    if (status !== 0) throw new Error("Git could not tell what the remotes have.");
    return bytes.length > 0 || (await this.remotes(root)).length === 0;
  }

  async commit(root: string, revision: string): Promise<string> {
    const { status, bytes } = await this.#ask(root, [
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${revision}^{commit}`,
    ]);
    const id = bytes.toString().trim();
    return status === 0 && isId(id) ? id : "";
  }

  async file(root: string, commit: string, name: string): Promise<CommittedFile | null> {
    const { status, bytes } = await this.#ask(root, [
      "ls-tree",
      "-z",
      "-l",
      "--full-tree",
      checked(commit),
      "--",
      name,
    ]);
    if (status !== 0) throw new Error("Git could not list the commit.");
    const entry = bytes
      .toString()
      .split("\0")
      .map(readEntry)
      .find((each) => each?.name === name);
    if (!entry || entry.type !== "blob") return null;
    if (entry.size > FILE_LIMIT) throw new Error("The file is too large to be compared.");
    const content = await this.content(root, entry.blob);
    if (!content) throw new Error("The file's content is not here.");
    return { blob: entry.blob, bytes: content };
  }

  async content(root: string, blob: string): Promise<Uint8Array | null> {
    const { status, bytes } = await this.#ask(root, ["cat-file", "blob", checked(blob)]);
    return status === 0 && bytes.length <= FILE_LIMIT ? bytes : null;
  }

  idOf(bytes: Uint8Array, like: string): string {
    const hash = createHash(like.length === 64 ? "sha256" : "sha1");
    return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  }

  async isFiltered(root: string, name: string): Promise<boolean> {
    const { status, bytes } = await this.#ask(root, [
      "check-attr",
      "-z",
      "filter",
      "working-tree-encoding",
      "--",
      name,
    ]);
    if (status !== 0) throw new Error("Git could not tell how the file is stored.");
    // Three fields each: the file, the attribute and its value.
    const values = bytes
      .toString()
      .split("\0")
      .filter((_, at) => at % 3 === 2);
    return values.some((value) => value !== "unspecified" && value !== "unset");
  }

  async diff(old: string, now: string): Promise<string> {
    if (Math.max(old.length, now.length) > FILE_LIMIT)
      throw new Error("The file is too large to be compared.");
    // Both texts lie in a folder of their own, outside of every repository. In the work tree Git
    // would send the file through the filters of its attributes first.
    const folder = await mkdtemp(path.join(await realpath(os.tmpdir()), "media-chat-diff-"));
    try {
      await Promise.all([
        writeFile(path.join(folder, "old"), old),
        writeFile(path.join(folder, "now"), now),
      ]);
      const question = [
        "diff",
        "--no-index",
        "-U0",
        "--inter-hunk-context=0",
        "--text",
        ...PLAIN_DIFF,
        "--",
        "old",
        "now",
      ];
      const { status, bytes } = await this.#ask(folder, question, {
        GIT_CEILING_DIRECTORIES: path.dirname(folder),
      });
      if (status > 1) throw new Error("Git could not compare the texts.");
      return bytes.toString();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async renamed(root: string, commit: string, name: string): Promise<string | null> {
    const { status, bytes } = await this.#ask(root, [
      // Compared with the index and not with the work tree, whose files would pass filters. Where
      // another file has the old name, Git calls it a copy once it has taken the two apart (`-B`).
      "diff-index",
      "--cached",
      "-z",
      "-B",
      "-M",
      "--name-status",
      "--diff-filter=RC",
      ...PLAIN_DIFF,
      checked(commit),
      "--",
    ]);
    if (status !== 0) throw new Error("Git could not look for renamed files.");
    const [...fields] = bytes.toString().split("\0");
    for (let at = 0; at + 2 < fields.length; at += 3)
      if (fields[at + 1] === name) return fields[at + 2] ?? null;
    return null;
  }

  /** Rejects if Git did not end in time, printed too much or could not be started. */
  #ask(folder: string, question: string[], more: Record<string, string> = {}): Promise<Answer> {
    const environment: Record<string, string | undefined> = { ...process.env };
    for (const name of INHERITED) delete environment[name];
    Object.assign(environment, {
      LC_ALL: "C",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
      GIT_ATTR_NOSYSTEM: "1",
      // A partial clone would fetch missing objects whenever a message names one.
      GIT_NO_LAZY_FETCH: "1",
      GIT_ALLOW_PROTOCOL: "none",
      ...more,
    });
    return new Promise((resolve, reject) => {
      const child = execFile(
        this.program,
        [...OPTIONS, ...question],
        {
          cwd: folder,
          env: environment,
          encoding: "buffer",
          timeout: TIMEOUT_MS,
          killSignal: "SIGKILL",
          maxBuffer: OUTPUT_LIMIT,
          windowsHide: true,
        },
        (error, stdout) => {
          if (!error) resolve({ status: 0, bytes: stdout });
          else if (typeof error.code === "number") resolve({ status: error.code, bytes: stdout });
          else reject(new Error(error.message, { cause: error }));
        },
      );
      child.stdin?.end();
    });
  }
}

/** The real path of a file's folder; for a deleted file, of the next folder that exists. */
async function nearestFolder(file: string): Promise<{ folder: string; rest: string }> {
  const real = await realpath(file).catch(() => file);
  let folder = path.dirname(real);
  while (!(await isFolder(folder)) && path.dirname(folder) !== folder)
    folder = path.dirname(folder);
  return { folder, rest: path.relative(folder, real).split(path.sep).join("/") };
}

async function isFolder(name: string): Promise<boolean> {
  return stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

const isId = (text: string) => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

/** An id as an argument: what comes from a message must not be an option, or another revision. */
function checked(id: string): string {
  if (!isId(id)) throw new Error("That is no id of Git's.");
  return id;
}

/** A line of `git ls-tree -l`: mode, type, id and size, then a tab and the name. */
function readEntry(line: string) {
  const [, type, blob, size, name] = /^\d+ (\w+) ([0-9a-f]+) +(\d+|-)\t([^]*)$/.exec(line) ?? [];
  return type && blob && name ? { type, blob, size: Number(size), name } : null;
}
