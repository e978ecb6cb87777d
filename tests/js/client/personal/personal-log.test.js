/** What one device holds of its person's own log, and when it asks for more. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { PersonalLog } from "../../../../static/chat/client/personal/personal-log.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

/** A log that asks a server in memory, which answers when it is told to. */
function aLog() {
  const server = new Server();
  const own = server.personal("ada");
  /** @type {(() => void)[]} */
  const waiting = [];
  /** @type {number[]} */
  const asked = [];
  /** @type {string[]} */
  const changed = [];
  const log = new PersonalLog({
    ask: (after) => {
      asked.push(after);
      return new Promise((resolve) =>
        waiting.push(() =>
          resolve(/** @type {any} */ ({ type: "reply", ref: "", ...own.page(after) })),
        ),
      );
    },
    changed: (changes) => changed.push(...changes.map(({ room }) => String(room))),
  });
  const answer = async () => {
    for (const now of waiting.splice(0)) now();
    await settled();
  };
  /** @param {string} room @param {boolean} on */
  const change = (room, on) => {
    const done = own.change("favorite", room, on);
    return { version: done.version, changes: [done] };
  };
  return { log, own, asked, answer, change, changed, waiting };
}

test("a change that follows is taken without asking", async () => {
  const { log, asked, change, changed } = aLog();
  log.greeted(0);
  log.hear(change("a", true));
  log.hear(change("b", true));
  log.hear(change("a", false));
  assert.equal(log.version, 3);
  assert.deepEqual([log.value("favorite", "a"), log.value("favorite", "b")], [false, true]);
  assert.deepEqual(changed, ["a", "b", "a"]);
  assert.deepEqual(asked, []);
});

test("an old change is dropped", async () => {
  const { log, asked, change } = aLog();
  const first = change("a", true);
  log.hear(first);
  log.hear(change("a", false));
  log.hear(first);
  assert.equal(log.value("favorite", "a"), false);
  assert.deepEqual(asked, []);
});

test("of a gap it is asked once, whatever comes meanwhile", async () => {
  const { log, asked, change, answer } = aLog();
  change("a", true);
  log.hear(change("b", true));
  log.hear(change("c", true));
  log.hear(change("d", true));
  assert.deepEqual(asked, [0]);
  await answer(); // a page of three, and there is more
  assert.deepEqual(asked, [0, 3]);
  await answer();
  assert.equal(log.version, 4);
  assert.equal(log.value("favorite", "d"), true);
  log.hear(change("e", true));
  assert.equal(log.version, 5);
  assert.deepEqual(asked, [0, 3]);
});

test("what comes after the answer was made is asked for", async () => {
  const { log, asked, change, answer, own } = aLog();
  change("a", true);
  log.greeted(own.version);
  await answer();
  change("b", true);
  log.hear({ version: own.version, changes: [] });
  const late = change("c", true);
  log.hear(late);
  await answer();
  assert.deepEqual(asked, [0, 1]);
  assert.equal(log.version, 3);
});

test("what follows while it is asked is left to the answer, which may be older", async () => {
  const { log, asked, change, answer, own } = aLog();
  change("a", true);
  log.greeted(own.version);
  log.hear({ version: 1, changes: change("a", false).changes });
  assert.equal(log.version, 0);
  await answer();
  assert.equal(log.version, 2);
  assert.equal(log.value("favorite", "a"), false);
  assert.deepEqual(asked, [0]);
});

test("a greeting at the version that is held asks nothing", async () => {
  const { log, asked, change } = aLog();
  log.hear(change("a", true));
  log.greeted(1);
  assert.deepEqual(asked, []);
});

test("a log that begins again is taken from its beginning", async () => {
  const { log, asked, change, answer, own, changed } = aLog();
  for (const room of ["a", "b", "c"]) log.hear(change(room, true));
  own.restore();
  change("d", true);
  changed.splice(0);
  log.greeted(own.version);
  await answer();
  assert.deepEqual(asked, [3]);
  assert.equal(log.version, 1);
  assert.equal(log.value("favorite", "a"), undefined);
  assert.equal(log.value("favorite", "d"), true);
  assert.deepEqual(changed, ["a", "b", "c", "d"]);
});

test("a version that the server does not have is not asked for again and again", async () => {
  const { log, asked, answer } = aLog();
  log.hear({ version: 7, changes: [] });
  await answer();
  await answer();
  assert.deepEqual(asked, [0]);
});

test("an older server is asked nothing, and nothing of before is held", async () => {
  const { log, asked, change } = aLog();
  log.hear(change("a", true));
  log.greeted(undefined);
  assert.equal(log.value("favorite", "a"), undefined);
  assert.deepEqual(asked, []);
});

test("an answer to somebody else, or of another history, is dropped", async () => {
  const { log, change, answer, own, asked } = aLog();
  change("a", true);
  log.greeted(own.version);
  log.forget();
  await answer();
  assert.equal(log.version, 0);
  assert.equal(log.value("favorite", "a"), undefined);
  log.greeted(own.version);
  await answer();
  assert.deepEqual(asked, [0, 0]);
  assert.equal(log.value("favorite", "a"), true);
});
