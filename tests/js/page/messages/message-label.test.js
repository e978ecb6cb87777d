import assert from "node:assert/strict";
import { test } from "node:test";

import { clockTime } from "../../../../static/chat/page/lib/dates.js";
import { messageLabel, TEXT_LIMIT } from "../../../../static/chat/page/messages/message-label.js";

const client = /** @type {any} */ ({
  isAmbiguous: () => false,
  blocked: new Set(["eve"]),
  me: { username: "bob" },
  people: new Map(),
  person: (/** @type {string} */ username) => ({
    username,
    display_name: username === "anna" ? "Anna" : "",
  }),
});

test("a message is called by who wrote it and when, and what it says", () => {
  const said = messageLabel(
    client,
    /** @type {any} */ ({
      sender: "anna",
      created_at: "2026-11-27T10:42:00Z",
      body: "# Hello\n> *there* [you](https://a.example)\n```js\n__x__\n```\n- [x] done\n\n|a|b|\n|-|-|\n|1|2|",
      html: `<h3>Hello</h3><blockquote><p><em>there</em> <a href="https://a.example">you</a></p></blockquote>
        <pre><code>__x__ &amp; y</code></pre><ul><li class="task"><input type="checkbox" checked=""> done</li></ul>
        <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>`,
      state: "sent",
    }),
  );
  assert.ok(
    said.endsWith(
      `, ${clockTime("2026-11-27T10:42:00Z")}: Hello there you __x__ & y ✅ done a b 1 2`,
    ),
    said,
  );
});

test("what hangs on it follows in the order in which it is seen", () => {
  const files = ["a.png", "b.pdf"].map((name) => ({ name }));
  const said = messageLabel(
    client,
    /** @type {any} */ ({
      sender: "anna",
      created_at: "2026-11-27T10:42:00Z",
      body: "Look",
      quote: { sender: "carl" },
      code: { path: "src/a.py" },
      attachments: files,
      reactions: { "👍": ["bob", "carl"], "❤️": ["bob"], "🎉": [] },
      edited_at: "2026-11-27T10:43:00Z",
      state: "failed",
    }),
  );
  const order = [
    "Reply to carl",
    "Look",
    "Code of src/a.py",
    "2 files: a.png, b.pdf",
    "Reactions: 👍 2, ❤️ 1",
    "Edited",
    "Not sent",
  ];
  const places = order.map((words) => said.indexOf(words));
  assert.ok(
    places.every((place, at) => place > (places[at - 1] ?? 0)),
    said,
  );
});

test("a message that is not sent yet says what was typed", () => {
  const message = {
    sender: "bob",
    created_at: "2026-11-27T10:42:00Z",
    body: "*so*\n> far",
    html: "",
    state: "sending",
  };
  const said = messageLabel(client, /** @type {any} */ (message));
  assert.ok(said.endsWith(": *so* > far. Not sent yet"), said);
});

test("it is bounded, whatever is in the message", () => {
  const body = "😀".repeat(5_000);
  for (const html of ["", `<p>${body}</p>`]) {
    const long = messageLabel(
      client,
      /** @type {any} */ ({
        sender: "anna",
        created_at: "2026-11-27T10:42:00Z",
        body,
        html,
        attachments: Array.from({ length: 20 }, (_, at) => ({ name: `${at}.txt` })),
        reactions: Object.fromEntries(
          Array.from({ length: 30 }, (_, at) => [String.fromCodePoint(0x1f600 + at), ["bob"]]),
        ),
      }),
    );
    assert.ok([...long].length < TEXT_LIMIT + 300, String(long.length));
    assert.doesNotThrow(() => encodeURIComponent(long)); // as halves of characters would
    assert.ok(long.includes("and 15 more") && long.includes("and 25 more"), long);
  }
});

test("what is not in sight is not read out", () => {
  const hidden = {
    sender: "eve",
    created_at: "2026-11-27T10:42:00Z",
    body: "secret",
    attachments: [{ name: "secret.txt" }],
  };
  const say = (/** @type {object} */ more, options = {}) =>
    messageLabel(client, /** @type {any} */ ({ ...hidden, ...more }), options);
  assert.ok(say({}, { folded: true }).startsWith("Someone you blocked, "));
  for (const said of [say({}, { folded: true }), say({ hidden: true }), say({ deleted: true })]) {
    assert.ok(!said.includes("secret"), said);
  }
  const reply = say({ sender: "anna", body: "Hm", attachments: [], quote: { sender: "eve" } });
  assert.ok(!reply.includes("eve"), reply);
});

test("a file's or a text's letters turn nothing around them", () => {
  const said = messageLabel(
    client,
    /** @type {any} */ ({
      sender: "anna",
      created_at: "2026-11-27T10:42:00Z",
      body: "שלום",
      attachments: [{ name: "קובץ.txt" }],
    }),
  );
  assert.ok(said.includes("\u2068שלום\u2069") && said.includes("\u2068קובץ.txt\u2069"), said);
});
