import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Chat } from "../../src/chat/chat.js";
import { CodeLocator } from "../../src/code/code-locator.js";
import { Files, safeName } from "../../src/files/files.js";
import { withoutIcons } from "../../src/rooms/plain.js";
import type { Code } from "../../src/bridge/protocol.js";
import { said, there, Uri, workspace } from "./vscode.js";

const TURNED = "a\u202egpj.exe";
const ISOLATED = "\u2068agpj.exe\u2069";
const text = "export const answer = 42; // of all questions";
const code: Code = {
  language: "",
  repository: "git.example/te\u202eam",
  branch: "",
  commit: "",
  path: `src/${TURNED}`,
  start_line: 1,
  end_line: 1,
  text,
};

beforeEach(() => {
  said.length = 0;
  there.path = there.text = "";
});

test("where lines are not open, neither their file nor their repository turns the words around it", async () => {
  await new CodeLocator().open(code);
  const sentence = said.at(-1) ?? "";
  assert.ok(
    sentence.startsWith(
      `${ISOLATED}:1 is from \u2068git.example/team\u2069, which is not open here.`,
    ),
    sentence,
  );
  await new CodeLocator().open({ ...code, repository: "" });
  assert.ok(said.at(-1)?.startsWith(`${ISOLATED}:1 is not open here.`), said.at(-1));
});

test("where lines were found turns nothing either", async () => {
  Object.assign(there, { path: `lib/${TURNED}`, text });
  await new CodeLocator().open(code);
  assert.equal(said.at(-1), "Found by its text in another file: \u2068lib/agpj.exe\u2069");
});

test("where other lines are saved than an editor shows, those that it shows are searched", async () => {
  Object.assign(there, { path: "lib/a.py", text: "other" });
  workspace.textDocuments.push({ uri: Uri.file("lib/a.py"), getText: () => text });
  await new CodeLocator().open({ ...code, path: "src/a.py" });
  workspace.textDocuments.pop();
  assert.equal(said.at(-1), "Found by its text in another file: lib/a.py");
});

test("a file's name turns nothing while it is saved", async () => {
  const fetch = () => Promise.resolve(new Response("text"));
  const chat = {
    connected: { account: { token: "" }, server: { media: (path: string) => path, fetch } },
  } as unknown as Chat;
  await new Files(chat, Promise.resolve()).save("/media/1/file", TURNED);
  assert.deepEqual(said, [`Save ${ISOLATED}`, `Saving ${ISOLATED}`, `${ISOLATED} was saved.`]);
});

test("a name from somebody else names a file and nothing more", () => {
  assert.equal(safeName("Отчёт 2 (שנה).txt"), "Отчёт 2 (שנה).txt");
  for (const control of "\u0007\u007f\u0085\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069") {
    assert.equal(safeName(`a${control}b.txt`), "a_b.txt");
  }
  assert.equal(safeName("../a\\b:c", false), ".._a_b_c");
  for (const empty of ["  ", "..", "."]) assert.equal(safeName(empty), "file");
});

test("a name is saved as it is wherever files may be called so", () => {
  for (const name of [
    ".gitignore",
    'He said "hi".txt',
    "50%20 \\ of it?.txt",
    "👨‍👩‍👧.png",
    "می‌خواهم.txt",
  ]) {
    assert.equal(safeName(name, true), name);
  }
  assert.equal(safeName('He said "hi".txt', false), "He said _hi_.txt");
  assert.equal(safeName(".gitignore", false), ".gitignore");
});

test("a room's name in a list or the status bar draws no icon", () => {
  assert.equal(
    withoutIcons("$(sync~spin) and \\$(alert)"),
    "$\u2060(sync~spin) and \\$\u2060(alert)",
  );
  assert.equal(withoutIcons("Costs in $ (2026)"), "Costs in $ (2026)");
});
