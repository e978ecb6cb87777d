/** Where shared lines come from is a claim that was checked, in every kind of place; with real Git. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, beforeEach, test } from "node:test";
import type { TextDocument } from "vscode";
import { anchorOf } from "../../src/code/anchor.js";
import { SharedText } from "../../src/code/as-shared.js";
import { findIn, renamedTo, sharedFile } from "../../src/code/find.js";
import { gitProgram } from "../../src/platform/node.js";
import type { Code } from "../../src/bridge/protocol.js";
import { gitExtension, Uri, workspace } from "./vscode.js";

const LINES = Array.from({ length: 20 }, (_, index) => `line ${index + 1} of the file`);
const text = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const asked = gitProgram!("git");
const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function folderOf(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "anchor-")));
  folders.push(folder);
  return folder;
}

function git(cwd: string, ...args: string[]): string {
  const identity = [
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@example.org",
    "-c",
    "init.defaultBranch=main",
    "-c",
    "protocol.file.allow=always",
  ];
  return execFileSync("git", [...identity, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  }).trim();
}

function write(folder: string, name: string, content: string | string[]): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), typeof content === "string" ? content : text(content));
}

/** A repository with files in one commit. */
function repository(
  files: Record<string, string | string[]> = { "src/a.py": LINES },
  origin = "git@git.example.org:team/tool.git",
): string {
  const root = folderOf();
  git(root, "init", "--quiet");
  git(root, "remote", "add", "origin", origin);
  for (const [name, content] of Object.entries(files)) write(root, name, content);
  git(root, "add", "--all");
  git(root, "commit", "--quiet", "-m", "Begin.");
  return root;
}

const documentOf = (uri: Uri, content: string | string[]) =>
  ({
    uri,
    encoding: "utf8",
    getText: () => (typeof content === "string" ? content : text(content)),
  }) as unknown as TextDocument;
const fileOf = (root: string, name: string, content: string | string[]) =>
  documentOf(Uri.file(path.join(root, name)), content);
/** A document of the Git extension, as it makes them. */
const revisionOf = (
  root: string,
  name: string,
  ref: string,
  content: string | string[],
  more = {},
) =>
  documentOf(
    Uri.from({
      scheme: "git",
      path: path.join(root, name),
      query: JSON.stringify({ path: path.join(root, name), ref, ...more }),
    }),
    content,
  );
const anchor = (document: TextDocument, start: number, end = start) =>
  anchorOf(document, { start, end });
const blobOf = (root: string, content: string[]) =>
  execFileSync("git", ["hash-object", "--stdin"], {
    cwd: root,
    input: text(content),
    encoding: "utf8",
  }).trim();

beforeEach(() => {
  workspace.isTrusted = true;
  const api = {
    state: "initialized",
    git: { path: "git" },
    repositories: [],
    getRepository: () => null,
  };
  gitExtension.exports = { enabled: true, getAPI: () => api };
});

test("committed lines carry their commit, as it counts them, with the lines around", async () => {
  const root = repository();
  const commit = git(root, "rev-parse", "HEAD");
  const expected = {
    repository: "git.example.org/team/tool",
    branch: "main",
    commit,
    path: "src/a.py",
    start_line: 5,
    end_line: 6,
    dirty: false,
    blob: git(root, "rev-parse", "HEAD:src/a.py"),
    before: LINES.slice(1, 4).join("\n"),
    after: LINES.slice(6, 9).join("\n"),
  };
  assert.deepEqual(await anchor(fileOf(root, "src/a.py", LINES), 5, 6), expected);
  // What was put in above them moves them in the editor alone, saved or not.
  const shown = ["new", "newer", ...LINES];
  assert.deepEqual(await anchor(fileOf(root, "src/a.py", shown), 7, 8), expected);
  assert.deepEqual(
    await anchor(fileOf(root, "src/a.py", text(LINES).replaceAll("\n", "\r\n")), 5, 6),
    expected,
  );
});

test("lines that the commit does not have so are dirty, and it is what they are based on", async () => {
  const root = repository();
  const commit = git(root, "rev-parse", "HEAD");
  for (const [shown, start, end] of [
    [LINES.with(4, "edited"), 5, 5],
    [LINES.with(4, "edited"), 4, 6],
    [LINES.toSpliced(5, 0, "between"), 5, 7],
    [LINES.toSpliced(5, 1), 5, 6],
    // A twin of a committed line.
    [LINES.toSpliced(9, 0, LINES[4] ?? ""), 10, 10],
  ] as [string[], number, number][]) {
    const found = await anchor(fileOf(root, "src/a.py", shown), start, end);
    assert.deepEqual(
      [found.dirty, found.commit, found.start_line, found.end_line],
      [true, commit, start, end],
    );
    assert.equal(found.blob, blobOf(root, shown));
  }
});

test("what is written while Git is asked is not what was shared", async () => {
  const root = repository();
  let shown = LINES;
  const document = {
    uri: Uri.file(path.join(root, "src/a.py")),
    encoding: "utf8",
    getText: () => text(shown),
  } as unknown as TextDocument;
  const asking = anchor(document, 5);
  shown = ["written", "meanwhile", ...LINES];
  const { start_line, dirty, before } = await asking;
  assert.deepEqual([start_line, dirty, before], [5, false, LINES.slice(1, 4).join("\n")]);
});

test("of a file that Git stores otherwise than it is here, nothing is claimed that cannot be compared", async () => {
  const pointer = [
    "version https://git-lfs.github.com/spec/v1",
    `oid sha256:${"0".repeat(64)}`,
    "size 12345",
  ];
  const wide = Buffer.from(text(LINES), "utf16le");
  const root = repository({
    "data.csv": pointer,
    "-wide.txt": LINES,
    "plain.csv": LINES,
    ".gitattributes": "",
  });
  const commit = git(root, "rev-parse", "HEAD");
  write(
    root,
    ".gitattributes",
    "data.csv filter=lfs diff=lfs merge=lfs -text\n-wide.txt working-tree-encoding=UTF-16LE\nplain.csv -filter text\n",
  );
  writeFileSync(path.join(root, "-wide.txt"), wide);
  for (const name of ["data.csv", "-wide.txt"]) {
    const found = await anchor(fileOf(root, name, LINES.with(4, "edited")), 5);
    assert.deepEqual(
      [found.commit, found.dirty, found.blob, found.path],
      ["", undefined, undefined, name],
    );
  }
  const edited = await anchor(fileOf(root, "plain.csv", LINES.with(4, "edited")), 5);
  assert.deepEqual([edited.commit, edited.dirty], [commit, true]);
  // What is there as it is stored can be compared.
  const stored = await anchor(fileOf(root, "data.csv", pointer), 2);
  assert.deepEqual([stored.commit, stored.dirty], [commit, false]);
});

test("new, ignored and never committed files are dirty", async () => {
  const root = repository({ ".gitignore": "*.log\n" });
  for (const name of ["new.py", "build.log", "staged.py", "a folder/--output=x 'ü\".py"]) {
    write(root, name, LINES);
    if (name === "staged.py") git(root, "add", name);
    const found = await anchor(fileOf(root, name, LINES), 2);
    assert.deepEqual([found.path, found.dirty, found.blob], [name, true, blobOf(root, LINES)]);
  }
  const empty = folderOf();
  git(empty, "init", "--quiet");
  const found = await anchor(fileOf(empty, "a.py", LINES), 2);
  assert.deepEqual(
    [found.repository, found.branch, found.commit, found.dirty],
    ["", "main", "", true],
  );
});

test("a file is of the innermost repository: a submodule, a nested one, a worktree", async () => {
  const inner = repository({ "lib.py": LINES }, "https://git.example.org/team/lib.git");
  const root = repository();
  git(root, "submodule", "--quiet", "add", inner, "vendor/lib");
  git(root, "commit", "--quiet", "-m", "Add it.");
  git(
    path.join(root, "vendor/lib"),
    "remote",
    "set-url",
    "origin",
    "https://git.example.org/team/lib.git",
  );
  git(root, "worktree", "add", "--quiet", "-b", "other", path.join(root, "trees/other"), "HEAD~1");
  mkdirSync(path.join(root, "nested"));
  execFileSync("cp", ["-r", inner, path.join(root, "nested/lib")]);
  for (const [folder, name, remote, branch] of [
    ["vendor/lib", "lib.py", "git.example.org/team/lib", "main"],
    ["nested/lib", "lib.py", "git.example.org/team/lib", "main"],
    ["trees/other", "src/a.py", "git.example.org/team/tool", "other"],
  ] as string[][]) {
    const found = await anchor(fileOf(path.join(root, folder!), name!, LINES), 3);
    assert.deepEqual(
      [found.repository, found.branch, found.path, found.dirty, found.commit],
      [remote, branch, name, false, git(path.join(root, folder!), "rev-parse", "HEAD")],
    );
  }
  // A link is of the place that it leads to.
  symlinkSync(path.join(root, "vendor/lib/lib.py"), path.join(root, "link.py"));
  assert.deepEqual(
    (await anchor(fileOf(root, "link.py", LINES), 3)).repository,
    "git.example.org/team/lib",
  );
});

test("a document of Git carries the commit that it shows", async () => {
  const root = repository();
  const first = git(root, "rev-parse", "HEAD");
  const second = LINES.with(4, "second");
  write(root, "src/a.py", second);
  git(root, "commit", "--quiet", "--all", "-m", "Second.");
  const head = git(root, "rev-parse", "HEAD");
  for (const ref of [first, first.slice(0, 9), "HEAD~1", `${head}^`]) {
    const found = await anchor(revisionOf(root, "src/a.py", ref, LINES), 5);
    assert.deepEqual(
      [found.commit, found.branch, found.path, found.dirty, found.start_line],
      [first, "", "src/a.py", false, 5],
      ref,
    );
  }
  // The index, or a state that is no commit: HEAD where it has the lines, and else none.
  const staged = second.with(9, "staged");
  write(root, "src/a.py", staged);
  git(root, "add", "--all");
  for (const ref of ["", "~", "~1", "HEAD"]) {
    const kept = await anchor(revisionOf(root, "src/a.py", ref, staged), 5);
    const edited = await anchor(revisionOf(root, "src/a.py", ref, staged), 10);
    assert.deepEqual(
      [kept.commit, kept.branch, kept.dirty, edited.dirty],
      [head, "main", false, true],
      ref,
    );
  }
  // Also of a file, and a folder, that are no more.
  rmSync(path.join(root, "src"), { recursive: true });
  const gone = await anchor(revisionOf(root, "src/a.py", first, LINES), 5);
  assert.deepEqual([gone.commit, gone.path, gone.dirty], [first, "src/a.py", false]);
});

test("what is no revision, or no file, names no commit", async () => {
  const root = repository();
  for (const ref of ["--output=pwned", "nothing", "HEAD:src/a.py"]) {
    const found = await anchor(revisionOf(root, "src/a.py", ref, LINES), 5);
    assert.deepEqual([found.commit, found.dirty, found.path], ["", undefined, "src/a.py"], ref);
  }
  const submodule = await anchor(revisionOf(root, "sub", "index", LINES, { submoduleOf: root }), 5);
  assert.deepEqual([submodule.repository, submodule.commit, submodule.dirty], ["", "", undefined]);
  const broken = documentOf(Uri.from({ scheme: "git", path: "/a.py", query: "not JSON" }), LINES);
  assert.deepEqual(
    [(await anchor(broken, 5)).commit, (await anchor(broken, 5)).path],
    ["", "a.py"],
  );
  assert.equal(existsSync(path.join(root, "pwned")), false);
});

test("outside of every repository, in a virtual workspace and in Restricted Mode nothing is claimed", async () => {
  const root = repository();
  const claims = async (document: TextDocument) => {
    const { repository, branch, commit, dirty, blob } = await anchor(document, 5);
    return [repository, branch, commit, dirty, blob];
  };
  const nothing = ["", "", "", undefined, undefined];
  assert.deepEqual(await claims(fileOf(folderOf(), "a.py", LINES)), nothing);
  assert.deepEqual(
    await claims(
      documentOf(Uri.from({ scheme: "untitled", path: path.join(root, "src/a.py") }), LINES),
    ),
    nothing,
  );
  assert.deepEqual(
    await claims(
      documentOf(Uri.from({ scheme: "memory", path: path.join(root, "src/a.py") }), LINES),
    ),
    nothing,
  );
  workspace.isTrusted = false;
  assert.deepEqual(await claims(fileOf(root, "src/a.py", LINES)), nothing);
});

test("the lines around are bounded in bytes", async () => {
  const shown = [
    "x".repeat(5_000),
    "字".repeat(300),
    "short",
    "shared",
    "after",
    "y".repeat(2_000),
    "z",
  ];
  const { before, after: behind } = await anchor(fileOf(folderOf(), "a.py", shown), 4);
  assert.deepEqual([before, behind], [`${"字".repeat(300)}\nshort`, "after"]);
  assert.deepEqual((await anchor(fileOf(folderOf(), "a.py", "shared"), 1)).before, undefined);
});

const code = (more: Partial<Code>): Code => ({
  language: "",
  repository: "",
  branch: "",
  commit: "",
  path: "src/a.py",
  start_line: 5,
  end_line: 5,
  text: LINES[4] ?? "",
  ...more,
});

test("a claim that is not true is not believed: then the text is what is known", async () => {
  const root = repository();
  const commit = git(root, "rev-parse", "HEAD");
  const checkout = { git: asked, root };
  const shown = text(["new", ...LINES]);
  assert.equal((await findIn(shown, code({ commit }), checkout, decode))?.how, "moved");
  assert.equal(
    (await findIn(shown, code({ commit, start_line: 4, end_line: 4 }), checkout, decode))?.how,
    "text",
  );
  assert.equal((await findIn(shown, code({ commit, dirty: true }), checkout, decode))?.how, "text");
  assert.equal(
    (await findIn(shown, code({ commit: "f".repeat(40) }), checkout, decode))?.how,
    "text",
  );
  assert.equal((await findIn(shown, code({ commit }), null, decode))?.how, "text");
  for (const path of ["src", "--output=pwned", ":(glob)**", "src/none.py"]) {
    assert.equal(
      await sharedFile(code({ commit, path }), checkout, decode).catch(() => null),
      null,
      path,
    );
  }
});

test("the content that was shared is found under another commit, or once it was committed", async () => {
  const root = repository();
  const edited = LINES.with(4, "edited");
  write(root, "src/a.py", edited);
  const { commit, blob } = await anchor(fileOf(root, "src/a.py", edited), 5);
  const shared = code({ commit, blob, dirty: true, text: "edited" });
  assert.equal(await sharedFile(shared, { git: asked, root }, decode), null);
  git(root, "commit", "--quiet", "--all", "--amend", "-m", "Again.");
  assert.deepEqual(await sharedFile(shared, { git: asked, root }, decode), {
    text: text(edited),
    commit: "",
  });
  assert.deepEqual(await findIn(text(["new", ...edited]), shared, { git: asked, root }, decode), {
    start: 6,
    end: 6,
    how: "moved",
  });
});

test("a checkout that the editor has not opened has the file as it was, too", async () => {
  const root = repository();
  const shared = code({ commit: git(root, "rev-parse", "HEAD") });
  git(root, "rm", "--quiet", "src/a.py");
  const file = await new SharedText().fileOf(shared, [
    { git: asked, root: repository({ "b.py": "b" }) },
    { git: asked, root },
  ]);
  assert.deepEqual(
    [file?.root.fsPath, file?.text, file?.commit],
    [root, text(LINES), shared.commit],
  );
});

test("a renamed file is found, whatever it is called", async () => {
  const root = repository({ "src/a.py": LINES, "src/other.py": LINES.toReversed() });
  const shared = code({ commit: git(root, "rev-parse", "HEAD") });
  assert.equal(await renamedTo(shared, { git: asked, root }), null);
  const name = 'lib/--a "ü"\n.py';
  mkdirSync(path.join(root, "lib"));
  git(root, "mv", "--", "src/a.py", name);
  assert.equal(await renamedTo(shared, { git: asked, root }), name);
  git(root, "commit", "--quiet", "-m", "Rename.");
  write(root, name, LINES.with(9, "edited"));
  git(root, "add", "--all");
  assert.equal(await renamedTo(shared, { git: asked, root }), name);
  // Another file has taken its name.
  write(
    root,
    "src/a.py",
    Array.from({ length: 90 }, (_, index) => `other thing ${index}`),
  );
  git(root, "add", "--all");
  assert.equal(await renamedTo(shared, { git: asked, root }), name);
  assert.equal(await renamedTo(code({ commit: "f".repeat(40) }), { git: asked, root }), null);
});

test("nothing that a repository names is run, and no server is asked", async () => {
  const source = repository();
  git(source, "config", "uploadpack.allowFilter", "true");
  const root = path.join(folderOf(), "clone");
  git(
    folderOf(),
    "clone",
    "--quiet",
    "--filter=blob:none",
    "--no-checkout",
    `file://${source}`,
    root,
  );
  const lazy = git(root, "rev-parse", "HEAD");
  const trap = path.join(root, "trap.sh");
  const sprung = path.join(root, "sprung");
  write(root, "trap.sh", `#!/bin/sh\necho "$0 $*" >> "${sprung}"\nexit 1\n`);
  chmodSync(trap, 0o755);
  const checkout = { git: asked, root };
  // The blobs are on the server alone.
  git(root, "config", "remote.origin.uploadpack", trap);
  assert.equal(await sharedFile(code({ commit: lazy }), checkout, decode).catch(() => null), null);
  assert.equal(existsSync(sprung), false);
  assert.throws(() => git(root, "cat-file", "-p", `${lazy}:src/a.py`));
  assert.equal(existsSync(sprung), true);
  rmSync(sprung);
  git(root, "config", "--unset", "remote.origin.uploadpack");
  git(root, "checkout", "--quiet", "main");
  write(root, ".gitattributes", "* filter=trap diff=trap\n");
  mkdirSync(path.join(root, "hooks"));
  for (const hook of ["post-index-change", "reference-transaction", "fsmonitor-watchman"])
    symlinkSync(trap, path.join(root, "hooks", hook));
  for (const [key, value] of Object.entries({
    "filter.trap.clean": trap,
    "filter.trap.smudge": trap,
    "filter.trap.process": trap,
    "diff.trap.textconv": trap,
    "diff.trap.command": trap,
    "diff.external": trap,
    "core.fsmonitor": trap,
    "core.hooksPath": path.join(root, "hooks"),
    "core.pager": trap,
    "pager.diff": trap,
    "core.sshCommand": trap,
    "core.attributesFile": path.join(root, ".gitattributes"),
  }))
    git(root, "config", key, value);
  const shown = LINES.with(4, "edited");
  writeFileSync(path.join(root, "src/a.py"), text(shown));
  const { commit, dirty } = await anchor(fileOf(root, "src/a.py", shown), 5);
  assert.deepEqual([commit, dirty], ["", undefined]);
  assert.equal(
    (await findIn(text(shown), code({ commit: lazy }), checkout, decode))?.how,
    "changed",
  );
  await renamedTo(code({ commit: lazy, path: "none.py" }), checkout);
  assert.equal(existsSync(sprung), false);
  // Git by itself falls into the trap.
  assert.throws(() => git(root, "diff", "HEAD"));
  assert.equal(existsSync(sprung), true);
});

test("Git has only so much time", async () => {
  const root = repository();
  const slow = path.join(folderOf(), "git");
  writeFileSync(slow, `#!/bin/sh\ncase "$*" in *ls-tree*) exec sleep 60;; esac\nexec git "$@"\n`);
  chmodSync(slow, 0o755);
  gitExtension.exports = {
    enabled: true,
    getAPI: () => ({
      state: "initialized",
      git: { path: slow },
      repositories: [],
      getRepository: () => null,
    }),
  };
  const found = await anchor(fileOf(root, "src/a.py", LINES), 5);
  assert.deepEqual(
    [found.repository, found.path, found.commit, found.dirty],
    ["git.example.org/team/tool", "src/a.py", "", undefined],
  );
});
