import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedCode } from "../../../../static/chat/page/messages/shared-code.js";
import { unsentMessages } from "../../../../static/chat/client/message-log/feed-message.js";

const code = {
  language: "python",
  repository: "",
  branch: "",
  commit: "",
  path: "a.py",
  start_line: 1,
  end_line: 1,
  text: "pass",
};
/** @type {import("../../../../static/chat/client/types.js").ShownUnsent} */
const entry = {
  client_id: "c",
  room: "r",
  body: "",
  attachments: [],
  reply_to: null,
  quote: null,
  created_at: "2026-01-01T00:00:00Z",
  order: 1,
  state: "sending",
  error: null,
  elsewhere: false,
  unstored: false,
  uploads: [],
};

test("an unsent message shows the code that it will have", () => {
  assert.deepEqual(unsentMessages([{ ...entry, code }], "ada", 1)[0].code, code);
});

test("a message that an older client left unsent has no code", () => {
  assert.equal(unsentMessages([entry], "ada", 1)[0].code, null);
});

/** @param {unknown} value @returns {string} what a template is made of, with its values in place */
function written(value) {
  if (value === null || typeof value === "function") return "";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map(written).join("");
  const { strings, values } = /** @type {{strings: string[], values: unknown[]}} */ (value);
  return strings.map((part, at) => part + (at < values.length ? written(values[at]) : "")).join("");
}

test("a commit is named for lines that it has, and for no others", () => {
  const based = { ...code, branch: "main", commit: "0123456789abcdef0123456789abcdef01234567" };
  for (const committed of [based, { ...based, dirty: false }, { ...based, dirty: null }]) {
    assert.ok(
      written(sharedCode(committed, () => {})).includes(
        "<bdi>main</bdi> · <bdi>0123456</bdi></small>",
      ),
    );
  }
  const shown = written(sharedCode({ ...based, dirty: true }, () => {}));
  assert.ok(shown.includes("<bdi>main</bdi> · <bdi>uncommitted changes</bdi></small>"));
  assert.ok(!shown.includes("0123456"));
  const untold = written(sharedCode({ ...code, dirty: true }, () => {}));
  assert.ok(untold.includes("<small><bdi>uncommitted changes</bdi></small>"));
});

test("where shared lines are from turns nothing around it", () => {
  const turned = { ...code, path: "a\u202egpj.py", repository: "r\u202e", branch: "b\u202e" };
  const shown = written(sharedCode(turned, () => {}));
  assert.ok(shown.includes("<bdi>a\u202egpj.py</bdi>:1<"));
  assert.ok(shown.includes("<bdi>r\u202e</bdi> · <bdi>b\u202e</bdi></small>"));
  assert.ok(shown.includes("title=\u2068agpj.py\u2069\n\u2068r\u2069 · \u2068b\u2069>"));
  assert.ok(shown.includes('aria-label="Open \u2068agpj.py\u2069, line 1"'));
  const plain = written(sharedCode(code, () => {}));
  assert.ok(plain.includes("title=a.py>"));
  assert.ok(!plain.includes("<small>"));
});
