import assert from "node:assert/strict";
import { test } from "node:test";
import { relocate, whole } from "../../src/code/relocate.js";

const file = ["one", "two", "three", "  four", "five", "two", "three"].join("\n");

test("lines that have not moved are found where they were", () => {
  assert.deepEqual(relocate(file, "two\nthree", 2), { start: 2, end: 3 });
});

test("of two equal places the nearer is taken", () => {
  assert.deepEqual(relocate(file, "two\nthree", 6), { start: 6, end: 7 });
});

test("lines that have moved are found at their new place", () => {
  assert.deepEqual(relocate(`new\nnewer\n${file}`, "one\ntwo\nthree", 1), { start: 3, end: 5 });
});

test("lines that were indented anew are found", () => {
  assert.deepEqual(relocate(file, "four\n\tfive", 1), { start: 4, end: 5 });
});

test("the same lines count more than nearer ones that differ in white space", () => {
  assert.deepEqual(relocate("  a\nb\nc\na", "a", 1), { start: 4, end: 4 });
});

test("parts of the first and last line are found", () => {
  assert.deepEqual(relocate("let x = call(1,\n  2,\n  3);", "call(1,\n  2,\n  3", 1), { start: 1, end: 3 });
});

test("line endings do not matter", () => {
  assert.deepEqual(relocate(file.replaceAll("\n", "\r\n"), "two\nthree\n", 1), { start: 2, end: 3 });
});

test("lines that are gone are nowhere", () => {
  assert.equal(relocate(file, "two\nfour", 2), null);
});

test("blank lines are no place", () => {
  assert.equal(relocate("\n\n\n", "\n", 1), null);
});

test("more lines than there are, are nowhere", () => {
  assert.equal(relocate("one", "one\ntwo", 1), null);
});

test("in another file only the same lines count", () => {
  assert.deepEqual(whole(file, "two\nthree\n", 1), { start: 2, end: 3 });
  assert.equal(whole(file, "four\nfive", 1), null);
  assert.equal(whole(file, "\n", 1), null);
});
