import assert from "node:assert/strict";
import { test } from "node:test";
import { label } from "../../src/code/label.js";
import type { Code } from "../../src/bridge/protocol.js";

const code: Code = {
  language: "python",
  repository: "",
  branch: "",
  commit: "",
  path: "src/a.py",
  start_line: 1,
  end_line: 1,
  text: "pass",
};

test("shared lines are called by their file and where they stand in it", () => {
  assert.equal(label(code), "a.py:1");
  assert.equal(label({ ...code, end_line: 3 }), "a.py:1–3");
});

test("a file's name turns nothing around it", () => {
  assert.equal(label({ ...code, path: "src/a\u202egpj.py" }), "\u2068agpj.py\u2069:1");
  assert.equal(label({ ...code, path: "קובץ", end_line: 3 }), "\u2068קובץ\u2069:1–3");
});
