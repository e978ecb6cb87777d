import assert from "node:assert/strict";
import { test } from "node:test";
import { indented, isInCode, openFence } from "../../../../static/chat/page/composer/code-fence.js";

/** @param {string} text with | for the caret @returns {[string, number]} */
const at = (text) => [text.replace("|", ""), text.indexOf("|")];

test("a block of code is open from its first line to the marks that close it", () => {
  for (const text of [
    "```|",
    "```js|",
    "```\na|",
    "hi\n```\n|",
    "```\na|b\n```\nend",
    "```\n``|",
    "~~~\na|",
    "````\n```|",
    "```\na\n```\nb\n```|",
    "- ```\n  a|",
    "> ```\n> a|",
    "1. ```py\n|",
    "```\n~~~|",
    "```\nx ```|",
    "> > ```\n>> a|",
    "> - ```\n>   a|",
    "> ```\n> a\n```\nb|",
    "```\n> a|",
  ]) {
    assert.ok(openFence(...at(text)) >= 0, text);
  }
  for (const text of [
    "|",
    "a|",
    "``|",
    "|```",
    "```\na\n```|",
    "```\na\n```\nb|",
    "```\na\n````  |",
    "a ```|",
    "```a```|",
    "> ```\n> a\n> ```|",
    "~~~\n~~~|",
    "hi|\n```\na\n```",
    // The quote ends, and the code with it.
    "> ```\n> a\n\nmy answer|",
    "> ```\nmine|",
    "> > ```\n> mine|",
    "> ```\n> a\n```\nb\n```|",
  ]) {
    assert.equal(openFence(...at(text)), -1, text);
  }
});

test("code between backticks is code too", () => {
  assert.ok(isInCode(...at("see `@ad|")));
  assert.ok(isInCode(...at("```\n@ad|")));
  assert.ok(!isInCode(...at("see `x` @ad|")));
  assert.ok(!isInCode(...at("`\n@ad|")));
});

/**
 * @param {string} text with [ and ] around what is selected
 * @param {boolean} outdent
 */
function tabbed(text, outdent = false) {
  const start = text.indexOf("[");
  const end = text.indexOf("]") - 1;
  const plain = text.replace(/[[\]]/g, "");
  const change = indented(plain, { start, end }, { outdent, fence: openFence(plain, start) });
  const after = plain.slice(0, change.start) + change.text + plain.slice(change.end);
  const { selected } = change;
  return `${after.slice(0, selected.start)}[${after.slice(selected.start, selected.end)}]${after.slice(selected.end)}`;
}

test("Tab indents at the caret, or all lines that are selected, and Shift+Tab takes it back", () => {
  assert.equal(tabbed("```\n[]a"), "```\n  []a");
  assert.equal(tabbed("```\n[a\n\nb]"), "```\n  [a\n\n  b]");
  assert.equal(tabbed("```\n  a\n  b[]", true), "```\n  a\nb[]");
  assert.equal(tabbed("```\n [] a", true), "```\n[]a");
  assert.equal(tabbed("```\n  [a\n    b]", true), "```\n[a\n  b]");
  assert.equal(tabbed("```\n[]a", true), "```\n[]a");
});

test("code that is indented by tabs is indented by tabs", () => {
  assert.equal(tabbed("```go\n\ta\n[]"), "```go\n\ta\n\t[]");
  assert.equal(tabbed("```go\n\ta[]", true), "```go\na[]");
});
