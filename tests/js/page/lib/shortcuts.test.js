import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import {
  isTyped,
  keySigns,
  SHORTCUTS,
  shortcutFor,
} from "../../../../static/chat/page/lib/shortcuts.js";

globalThis.Element ??= /** @type {any} */ (class {});

/** @param {Record<string, unknown>} fields */
const press = (fields) =>
  /** @type {any} */ ({
    key: "",
    code: "",
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    metaKey: false,
    ...fields,
  });

test("the README lists the page's keys, and no others", async () => {
  const readme = await readFile(new URL("../../../../README.md", import.meta.url), "utf8");
  const rows = SHORTCUTS.flatMap(({ where, shortcuts }) =>
    shortcuts.map(({ keys, does }, at) => {
      const signs = keys.map((each) => `\`${keySigns(each).join("+")}\``).join(" ");
      return `| ${at === 0 ? where : ""} | ${signs} | ${does} |`;
    }),
  );
  const listed = readme.slice(readme.indexOf("## Keyboard")).split("\n## ")[0];
  assert.deepEqual(
    listed
      .split("\n")
      .filter((line) => /^\| (?!---)/.test(line))
      .slice(1),
    rows,
  );
});

test("keys that work anywhere are found by what is held down with them", () => {
  assert.equal(shortcutFor(press({ key: "k", ctrlKey: true })), "find-room");
  assert.equal(shortcutFor(press({ key: "K", metaKey: true })), "find-room");
  assert.equal(shortcutFor(press({ key: "ArrowDown", altKey: true })), "next-room");
  assert.equal(
    shortcutFor(press({ key: "M", code: "KeyM", altKey: true, shiftKey: true })),
    "write",
  );
  // As Apple's keyboards type it.
  assert.equal(
    shortcutFor(press({ key: "Â", code: "KeyM", altKey: true, shiftKey: true })),
    "write",
  );
  assert.equal(shortcutFor(press({ key: "?", shiftKey: true })), "show-shortcuts");
  for (const other of [
    { key: "k" },
    { key: "ArrowDown" },
    { key: "m", altKey: true },
    { key: "?", ctrlKey: true },
    { key: "K", ctrlKey: true, shiftKey: true },
  ]) {
    assert.equal(shortcutFor(press(other)), undefined);
  }
});

test("no two keys that work anywhere are the same", () => {
  const keys = SHORTCUTS[0].shortcuts.flatMap(({ keys }) => keys);
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(SHORTCUTS[0].shortcuts.every(({ id }) => id));
});

test("a letter is typed, and a key that is held down with another is not", () => {
  for (const key of ["a", "Z", "é", "你", "👍", "1"]) assert.ok(isTyped(press({ key })));
  for (const fields of [
    { key: "Enter" },
    { key: " " },
    { key: "?" },
    { key: "a", ctrlKey: true },
  ]) {
    assert.ok(!isTyped(press(fields)));
  }
});

test("keys are read as the keyboard has them", () => {
  assert.deepEqual(keySigns("Alt+Shift+ArrowDown"), ["Alt", "Shift", "↓"]);
  assert.deepEqual(keySigns("Ctrl+K", true), ["⌘", "K"]);
});
