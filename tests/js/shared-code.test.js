import assert from "node:assert/strict";
import { test } from "node:test";
import { unsentMessage } from "../../static/chat/unsent-message.js";

const code = {
  language: "python", repository: "", branch: "", commit: "", path: "a.py",
  start_line: 1, end_line: 1, text: "pass",
};
/** @type {import("../../static/chat/types.js").Unsent} */
const entry = {
  client_id: "c", room: "r", body: "", attachments: [], reply_to: null, quote: null,
  created_at: "2026-01-01T00:00:00Z", order: 1, state: "sending", error: null,
};

test("an unsent message shows the code that it will have", () => {
  assert.deepEqual(unsentMessage({ ...entry, code }, "ada", 1).code, code);
});

test("a message that an older client left unsent has no code", () => {
  assert.equal(unsentMessage(entry, "ada", 1).code, null);
});
