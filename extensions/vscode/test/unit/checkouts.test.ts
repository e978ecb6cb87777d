/** The choice among checkouts, with real Git. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { inOrder } from "../../src/code/checkouts.js";
import { gitProgram } from "../../src/platform/node.js";
import type { Code } from "../../src/bridge/protocol.js";

const asked = gitProgram!("git");
const here = mkdtempSync(path.join(realpathSync(os.tmpdir()), "checkouts-"));
const at = (name: string) => path.join(here, name);
const OPTIONS = [
  "-c",
  "user.name=Ada",
  "-c",
  "user.email=ada@example.org",
  "-c",
  "init.defaultBranch=main",
  "-c",
  "protocol.file.allow=always",
];
const git = (name: string, ...args: string[]) =>
  execFileSync("git", [...OPTIONS, ...args], {
    cwd: at(name),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();

let first: string;
let second: string;
let blob: string;

function commit(name: string, text: string): string {
  writeFileSync(path.join(at(name), "tool.py"), text);
  git(name, "add", ".");
  git(name, "commit", "--quiet", "-m", text);
  return git(name, "rev-parse", "HEAD");
}

function copy(of: string, name: string, ...remotes: [string, string][]): void {
  cpSync(at(of), at(name), { recursive: true });
  for (const remote of git(name, "remote").split("\n").filter(Boolean))
    git(name, "remote", "remove", remote);
  for (const [called, address] of remotes) git(name, "remote", "add", called, address);
}

const code = (more: Partial<Code> = {}): Code => ({
  language: "",
  repository: "git.example/team/tool",
  branch: "main",
  commit: second,
  path: "tool.py",
  start_line: 1,
  end_line: 1,
  text: "two",
  ...more,
});
const fits = async (shared: Code, names: string[]) =>
  (await inOrder(shared, asked, names.map(at))).map(
    ({ root, fit }) => `${path.basename(root)}: ${fit}`,
  );

before(() => {
  mkdirSync(at("old"));
  git("old", "init", "--quiet");
  first = commit("old", "one");
  cpSync(at("old"), at("new"), { recursive: true });
  second = commit("new", "two");
  blob = git("new", "rev-parse", "HEAD:tool.py");
});

after(() => rmSync(here, { recursive: true, force: true }));

test("of two checkouts of one repository the one that has the commit is meant, whatever its remotes are called", async () => {
  copy("old", "named", ["origin", "git@git.example:team/tool.git"]);
  copy("new", "elsewhere", ["origin", "https://other.example/ada/thing"]);
  copy("new", "nowhere");
  assert.deepEqual(await fits(code(), ["named", "elsewhere"]), [
    "elsewhere: commit",
    "named: name",
  ]);
  assert.deepEqual(await fits(code({ repository: "" }), ["named", "nowhere"]), [
    "nowhere: commit",
    "named: unknown",
  ]);
  // As messages named it before: by the first signs of its id.
  assert.deepEqual(await fits(code({ commit: second.slice(0, 7) }), ["named", "nowhere"]), [
    "nowhere: commit",
    "named: name",
  ]);
});

test("the file as it was shared tells, too, after its commit was squashed", async () => {
  copy("new", "squashed");
  writeFileSync(path.join(at("squashed"), "more.py"), "more");
  git("squashed", "checkout", "--quiet", "--orphan", "again");
  commit("squashed", "two");
  git("squashed", "branch", "-D", "main");
  git("squashed", "reflog", "expire", "--expire=now", "--all");
  git("squashed", "gc", "--quiet", "--prune=now");
  copy("old", "behind", ["origin", "git@git.example:team/tool.git"]);
  assert.deepEqual(await fits(code({ blob }), ["behind", "squashed"]), [
    "squashed: content",
    "behind: name",
  ]);
});

test("a file that another repository has, too, as a licence, does not make it the one", async () => {
  copy("new", "licence-only", ["origin", "git@git.example:team/other.git"]);
  git("licence-only", "checkout", "--quiet", "--orphan", "own");
  commit("licence-only", "two");
  copy("licence-only", "named-too", ["origin", "git@git.example:team/tool.git"]);
  copy("old", "named-alone", ["origin", "https://git.example/team/tool"]);
  const shared = code({ commit: "f".repeat(40), blob });
  assert.deepEqual(await fits(shared, ["licence-only", "named-alone", "named-too"]), [
    "named-too: content",
    "named-alone: name",
    "licence-only: alike",
  ]);
});

test("a branch that is called as a commit begins is not that commit", async () => {
  copy("old", "branches", ["origin", "git@git.example:team/other.git"]);
  git("branches", "branch", second.slice(0, 7));
  assert.deepEqual(await fits(code({ commit: second.slice(0, 7) }), ["branches"]), [
    "branches: other",
  ]);
});

test("of forks that have the commit the one of the same name comes first", async () => {
  copy("new", "fork-on-branch", ["origin", "git@git.example:grace/tool.git"]);
  copy("new", "named-on-topic", ["origin", "git@git.example:team/tool.git"]);
  for (const name of ["fork-on-branch", "named-on-topic"])
    git(name, "commit", "--quiet", "--allow-empty", "-m", "On.");
  git("named-on-topic", "checkout", "--quiet", "-b", "topic");
  assert.deepEqual(await fits(code(), ["fork-on-branch", "named-on-topic"]), [
    "named-on-topic: commit",
    "fork-on-branch: commit",
  ]);
});

test("every remote is compared, by every way to reach it, and what is called alike comes after", async () => {
  const fork = ["origin", "git@git.example:grace/tool.git"] as [string, string];
  copy("old", "fork-with-upstream", fork, [
    "upstream",
    "https://grace:hush@GIT.example:8443/team/tool",
  ]);
  copy("old", "fork", fork);
  copy("old", "other", ["origin", "git@git.example:team/other.git"]);
  copy("old", "abbreviated", ["origin", "work:tool"]);
  git("abbreviated", "config", "url.ssh://git@git.example/team/.insteadOf", "work:");
  copy("old", "pushed-to", ["origin", "git@mirror.example:x/y"]);
  git("pushed-to", "remote", "set-url", "--push", "origin", "git@git.example:team/tool");
  copy("old", "nowhere-old");
  assert.deepEqual(
    await fits(code(), [
      "other",
      "nowhere-old",
      "fork",
      "pushed-to",
      "abbreviated",
      "fork-with-upstream",
    ]),
    [
      "pushed-to: name",
      "abbreviated: name",
      "fork-with-upstream: name",
      "fork: alike",
      "nowhere-old: unknown",
      "other: other",
    ],
  );
});

test("of the work trees of one clone the one at the commit comes first, then one on its branch", async () => {
  copy("new", "clone", ["origin", "git@git.example:team/tool.git"]);
  git("clone", "checkout", "--quiet", "--detach", first);
  git("clone", "worktree", "add", "--quiet", at("at-commit"), second, "--detach");
  git("clone", "worktree", "add", "--quiet", at("on-branch"), "main");
  commit("on-branch", "three");
  assert.deepEqual(await fits(code(), ["clone", "on-branch", "at-commit"]), [
    "at-commit: commit",
    "on-branch: commit",
    "clone: commit",
  ]);
});

test("a submodule is a checkout of its own repository, and what it is in is none", async () => {
  copy("old", "outer", ["origin", "git@git.example:team/product.git"]);
  git("outer", "submodule", "--quiet", "add", at("new"), "lib");
  git("outer/lib", "remote", "set-url", "origin", "https://git.example/team/tool.git");
  assert.deepEqual(await fits(code(), ["outer", "outer/lib"]), ["lib: commit", "outer: other"]);
});

test("a commit is pushed when a branch of any remote has it", async () => {
  copy("old", "hub");
  git("old", "clone", "--quiet", at("hub"), at("mine"));
  assert.equal(await asked.isPushed(at("mine"), first), true);
  const local = commit("mine", "local");
  assert.equal(await asked.isPushed(at("mine"), local), false);
  // Not on the branch's own upstream, but on another branch of another remote.
  copy("old", "fork-hub");
  git("mine", "remote", "add", "fork", at("fork-hub"));
  git("mine", "push", "--quiet", "fork", "HEAD:refs/heads/topic");
  assert.equal(await asked.isPushed(at("mine"), local), true);
  assert.equal(await asked.isPushed(at("nowhere"), first), false);
});

test("what a clone of one tag has is pushed, and what is committed or tagged there is not", async () => {
  copy("new", "release");
  git("release", "tag", "-a", "v1.0", "-m", "First.");
  for (const depth of [["--depth=1"], ["--single-branch"]]) {
    const name = `of-tag${depth[0]}`;
    git("old", "clone", "--quiet", ...depth, "--branch=v1.0", `file://${at("release")}`, at(name));
    assert.equal(git(name, "branch", "--remotes"), "");
    assert.equal(await asked.isPushed(at(name), second), true);
    const own = commit(name, "own");
    git(name, "tag", "v1.0.1");
    assert.equal(await asked.isPushed(at(name), own), false);
  }
});

test("where nothing is known of what the remotes have, nothing is said of a commit", async () => {
  copy("old", "origin-of-bare");
  git("old", "clone", "--quiet", "--bare", at("origin-of-bare"), at("bare"));
  git("bare", "worktree", "add", "--quiet", at("of-bare"), "main");
  assert.equal(await asked.isPushed(at("of-bare"), first), null);
  copy("old", "never-fetched", ["origin", at("origin-of-bare")]);
  assert.equal(await asked.isPushed(at("never-fetched"), first), null);
  git("never-fetched", "fetch", "--quiet");
  assert.equal(await asked.isPushed(at("never-fetched"), first), true);
  assert.equal(await asked.isPushed(at("never-fetched"), commit("never-fetched", "local")), false);
});

test("what is no work tree, and what Git cannot tell, is not taken for another repository", async () => {
  mkdirSync(at("broken/.git"), { recursive: true });
  assert.deepEqual(await fits(code(), ["broken"]), ["broken: unknown"]);
});
