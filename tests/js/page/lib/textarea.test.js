import assert from "node:assert/strict";
import { test } from "node:test";
import { asWritten, isInvisible } from "../../../../static/chat/page/lib/textarea.js";

test("a text of which nobody would see anything is known before it is sent", () => {
  for (const text of [
    "",
    " \n\t",
    "\u200b",
    "\u2800",
    "\u3164\u115f",
    "\ufeff\u00ad",
    "\u{e0001}",
    "\u3000",
    "\ufff9",
  ]) {
    assert.ok(isInvisible(text), JSON.stringify(text));
  }
  for (const text of ["#", ">", "a\u200b", "\u200d👍", "\u0600", "\ufffd", "\u0300"]) {
    assert.ok(!isInvisible(text), JSON.stringify(text));
  }
});

test("a text goes without the empty lines around it, and keeps the indentation of its first", () => {
  assert.equal(asWritten("\n \n    a\n\n  b \n\n"), "    a\n\n  b");
});
