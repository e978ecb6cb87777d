import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameRepository, repositoryName } from "../../src/code/remote.js";

for (const [address, name] of [
  ["https://git.example/team/project.git", "git.example/team/project"],
  ["https://ada:s3cret@git.example/team/project.git/", "git.example/team/project"],
  ["https://token@Git.Example:8443/team/project", "git.example/team/project"],
  ["git@git.example:team/project.git", "git.example/team/project"],
  ["ssh://git@git.example:22/team/project.git", "git.example/team/project"],
  ["https://git.example/team/project?private_token=s3cret", "git.example/team/project"],
  ["/home/ada/secret-project", ""],
  ["file:///home/ada/secret-project", ""],
  ["C:\\work\\project", ""],
  ["", ""],
] as const) {
  test(`${address || "nothing"} is ${name || "nobody's business"}`, () => {
    assert.equal(repositoryName(address), name);
  });
}

test("two unknown repositories are not the same", () => {
  assert.equal(isSameRepository("", ""), false);
  assert.equal(isSameRepository("git.example/Team/x", "git.example/team/X"), true);
});
