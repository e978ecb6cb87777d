import assert from "node:assert/strict";
import { test } from "node:test";
import { MentionCompletion } from "../../static/chat/page/mention-completion.js";

const members = ["ada", "иван", "josé", "राहुल", "ณัฐ"];

/** @param {string} text what has been written @returns {string[]} the names that are offered */
function offered(text) {
  const composer = /** @type {any} */ ({
    textarea: { value: text, selectionStart: text.length },
    room: { id: "1", kind: "private", members },
    client: {
      me: { username: "me" },
      feed: () => ({ messages: [] }),
      person: (/** @type {string} */ username) => ({ username, display_name: "" }),
    },
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
  for (const text of ["ada", "a@ad", "и@ad", "@ad ", "@nobody"]) assert.deepEqual(offered(text), []);
});
