import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { begunMention } from "../../../../static/chat/client/people/mentions.js";
import { MentionCompletion } from "../../../../static/chat/page/composer/mention-completion.js";

/** @type {[string, string | null][]} */
const cases = JSON.parse(readFileSync(new URL("../../../mentions.json", import.meta.url), "utf8"));
const members = ["ada", "иван", "josé", "राहुल", "ณัฐ", "小明", "grace"];
/** @type {Record<string, string>} */
const called = { ada: "Ada Lovelace", grace: "Grâce Brewster Hopper", иван: "Иван Ёлкин" };

/** @param {string} text what has been written @returns {string[]} the names that are offered */
function offered(text) {
  const composer = /** @type {any} */ ({
    textarea: { value: text, selectionStart: text.length },
    room: { id: "1", kind: "private", members },
    client: {
      me: { username: "me" },
      feed: () => ({ messages: [] }),
      person: (/** @type {string} */ username) => ({
        username,
        display_name: called[username] ?? "",
      }),
    },
    addController() {},
    requestUpdate() {},
  });
  const completion = new MentionCompletion(composer);
  completion.look();
  return completion.names;
}

test("names of any script are completed, however their letters are put together", () => {
  assert.deepEqual(offered("hi @ad"), ["ada"]);
  assert.deepEqual(offered("@Ив"), ["иван"]);
  assert.deepEqual(offered("@jose\u0301"), ["josé"]);
  assert.deepEqual(offered("@राहु"), ["राहुल"]);
  assert.deepEqual(offered("(@ณั"), ["ณัฐ"]);
});

test("what is no beginning of a name offers nobody", () => {
  for (const text of ["ada", "a@ad", "a@b.example", "@ad ", "@nobody"])
    assert.deepEqual(offered(text), []);
});

test("a mention begins in the page where it begins on the server", () => {
  for (const [text, name] of cases) {
    const begun = begunMention(text)?.normalize("NFKC").toLowerCase() ?? null;
    assert.equal(begun, name, text);
  }
});

test("beside letters of other scripts and behind the wide sign people are offered", () => {
  assert.deepEqual(offered("你好@ad"), ["ada"]);
  assert.deepEqual(offered("你好＠ad"), ["ada"]);
  assert.deepEqual(offered("สวัสดี@小"), ["小明"]);
  assert.deepEqual(offered("你好@").length, 6);
  assert.deepEqual(offered("你好@ad你"), []);
});

test("people are offered by any word of their names, by its middle, and without accents", () => {
  assert.deepEqual(offered("@lovel"), ["ada"]);
  assert.deepEqual(offered("@vela"), ["ada"]);
  assert.deepEqual(offered("@grac"), ["grace"]);
  assert.deepEqual(offered("@HOPP"), ["grace"]);
  assert.deepEqual(offered("@jose"), ["josé"]);
  assert.deepEqual(offered("@елк"), ["иван"]);
  assert.deepEqual(offered("@a")[0], "ada");
});
