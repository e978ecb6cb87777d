import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commonName,
  isNamedAlike,
  isSameRepository,
  repositoryName,
} from "../../src/code/remote.js";

for (const [address, name] of [
  ["https://git.example/team/project.git", "git.example/team/project"],
  ["https://ada:s3cret@git.example/team/project.git/", "git.example/team/project"],
  ["https://ada:s3@cret@git.example/team/project.git", "git.example/team/project"],
  ["https://token@Git.Example:8443/team/project", "git.example/team/project"],
  ["git@git.example:team/project.git", "git.example/team/project"],
  ["git@git.example:/team/project.git", "git.example/team/project"],
  ["git.example:team/project", "git.example/team/project"],
  ["ada:s3@cret@git.example:team/project", "git.example/team/project"],
  ["git@git.example:team/@scope/project", "git.example/team/@scope/project"],
  ["ssh://git@git.example:22/team/project.git", "git.example/team/project"],
  ["git+ssh://ada@git.example//team/project.GIT", "git.example/team/project"],
  ["ssh://git@[2001:db8::1]:22/team/project", "[2001:db8::1]/team/project"],
  ["https://git.example/team/project?private_token=s3cret", "git.example/team/project"],
  // No password has a slash. What comes before one is a port that is none.
  ["https://ada:s3/cret@git.example/team/project", ""],
  ["/home/ada/secret-project", ""],
  ["../secret-project", ""],
  ["file:///home/ada/secret-project", ""],
  ["FILE://ada-laptop/home/secret-project", ""],
  ["C:\\work\\project", ""],
  ["C:/code/project", ""],
  ["\\\\nas\\project", ""],
  ["ext::ssh -i /home/ada/key git.example %S team/project", ""],
  ["https://git.example/", ""],
  ["", ""],
] as const) {
  test(`${address || "nothing"} is ${name || "nobody's business"}`, () => {
    assert.equal(repositoryName(address), name);
  });
}

for (const [one, other] of [
  ["git@Git.example:Team/x.git", "https://git.example/team/X"],
  ["git@ssh.dev.azure.com:v3/org/project/tool", "https://org@dev.azure.com/org/project/_git/tool"],
  ["ssh://git@git.example:7999/team/tool.git", "https://git.example/scm/team/tool.git"],
  ["ssh://ada@git.example:29418/tool", "https://git.example/a/tool"],
  ["ssh://git@ssh.github.com:443/team/tool.git", "https://github.com/team/tool"],
] as const) {
  test(`${one} is ${other}`, () => {
    assert.ok(isSameRepository(repositoryName(one), repositoryName(other)));
    assert.ok(isSameRepository(repositoryName(other), repositoryName(one)));
  });
}

test("two unknown repositories are not the same, nor is a fork", () => {
  assert.equal(isSameRepository("", ""), false);
  assert.equal(isNamedAlike("", ""), false);
  assert.equal(isSameRepository("git.example/ada/tool", "git.example/team/tool"), false);
  assert.equal(isNamedAlike("git.example/ada/Tool", "git.example/team/tool"), true);
  assert.equal(isNamedAlike("git.example/team/tool", "git.example/team/tools"), false);
});

test("a fork is called as what it was forked from, so that others have it, too", () => {
  const fork = { name: "origin", address: "git@git.example:ada/tool.git" };
  const team = { name: "upstream", address: "https://ada:s3cret@git.example/team/tool" };
  const other = { name: "backup", address: "/mnt/backup/tool" };
  assert.equal(commonName([other, fork, team]), "git.example/team/tool");
  assert.equal(commonName([other, fork]), "git.example/ada/tool");
  assert.equal(commonName([other, { ...fork, name: "github" }]), "git.example/ada/tool");
  assert.equal(commonName([other]), "");
});
