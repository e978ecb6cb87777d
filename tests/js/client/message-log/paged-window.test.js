/**
 * A window over a source whose keys have holes, as a thread, a search result or a filtered view has:
 * every third message of a room. The keys tell nothing of what is missing; pages do.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { deferred } from "../../../../static/chat/client/lib/deferred.js";
import { PagedWindow } from "../../../../static/chat/client/message-log/paged-window.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

/** @typedef {import("../../../../static/chat/protocol.js").Message} Message */

const EVERY = 3;

/** Every third message of a room, as a source, and a window over it. @param {number} messages */
function everyThird(messages) {
  const room = new Server().open();
  for (let number = 1; number <= messages; number++) room.send("grace", `message ${number}`);
  /** @param {Message} message */
  const belongs = ({ number }) => number % EVERY === 0;
  const all = () => room.messages.filter(belongs).map((message) => room.shown(message));
  const world = {
    room,
    all,
    pages: 0,
    /** How many messages fit into a page, whatever was asked for. */
    fits: Infinity,
    /** @type {Promise<unknown>} what an answer waits for, after it was read */
    until: Promise.resolve(),
    /** What happens live. @param {Message} message */
    live: (message) => void (belongs(message) && window.take(message)),
  };
  const window = new PagedWindow(
    {
      key: ({ number }) => number,
      follows: () => null,
      newest: () => all().at(-1)?.number ?? 0,
      history: async ({ before = Infinity, after, limit }) => {
        world.pages += 1;
        const count = Math.min(limit, world.fits);
        const found = all().filter(({ number }) => number < before && number > (after ?? 0));
        const page = after === undefined ? found.slice(-count) : found.slice(0, count);
        await world.until;
        return { messages: page, more: found.length > count };
      },
    },
    { changed: () => {}, came: () => {} },
  );
  return { ...world, world, window };
}

/** @param {PagedWindow} window */
const keys = (window) => window.messages.map(({ number }) => number);

/** Every third number. @param {number} from @param {number} to */
const thirds = (from, to) =>
  Array.from({ length: (to - from) / EVERY + 1 }, (_, index) => from + index * EVERY);

test("it pages back to the first message, and then knows that it is the first", async () => {
  const { window, world } = everyThird(360);
  await window.open();
  assert.deepEqual(keys(window), thirds(213, 360));
  assert.deepEqual([window.hasOlder, window.hasNewer], [true, false]);
  await window.loadOlder();
  assert.equal(window.hasOlder, true);
  await window.loadOlder();
  assert.deepEqual(keys(window), thirds(3, 360));
  assert.equal(window.hasOlder, false);
  await window.loadOlder();
  assert.equal(world.pages, 3);
});

test("it pages forward from a jump to the newest message", async () => {
  const { window } = everyThird(600);
  await window.open();
  assert.equal(await window.jumpTo(303), true);
  assert.deepEqual([window.hasOlder, window.hasNewer], [true, true]);
  assert.ok(keys(window).includes(303));
  while (window.hasNewer) await window.loadNewer();
  assert.deepEqual(keys(window), thirds(keys(window)[0], 600));
});

test("a jump to what the source has not got says so", async () => {
  const { window } = everyThird(600);
  assert.equal(await window.jumpTo(304), false);
});

test("a jump finds what a short page does not reach", async () => {
  const { window, world } = everyThird(600);
  world.fits = 4;
  assert.equal(await window.jumpTo(303), true);
  assert.deepEqual(keys(window), thirds(303, 312));
  assert.deepEqual([window.hasOlder, window.hasNewer], [true, true]);
  await window.loadOlder();
  assert.deepEqual(keys(window), thirds(291, 312));
});

test("what comes live stands behind the last, however far its number is", async () => {
  const { window, room, live } = everyThird(6);
  await window.open();
  for (let count = 0; count < 7; count++) live(room.send("grace", "more"));
  assert.deepEqual(keys(window), [3, 6, 9, 12]);
});

test("an empty source gets its first message live", async () => {
  const { window, room, live } = everyThird(0);
  await window.open();
  assert.deepEqual([keys(window), window.hasOlder, window.hasNewer], [[], false, false]);
  for (let count = 0; count < 3; count++) live(room.send("grace", "more"));
  assert.deepEqual(keys(window), [3]);
});

test("nothing comes live into a window that ends earlier", async () => {
  const { window, room, live } = everyThird(600);
  await window.open();
  await window.jumpTo(303);
  const before = keys(window);
  for (let count = 0; count < 3; count++) live(room.send("grace", "more"));
  assert.deepEqual(keys(window), before);
  await window.jumpToLatest();
  assert.equal(keys(window).at(-1), 603);
});

test("edits and deletions change what is held, and an older state changes nothing", async () => {
  const { window, room, live } = everyThird(30);
  await window.open();
  const edited = room.edit(9, "edited");
  live(edited);
  live(room.delete(12));
  live({ ...edited, body: "an older state", position: 1 });
  assert.deepEqual(keys(window), thirds(3, 30));
  assert.equal(window.held(9)?.body, "edited");
  assert.equal(window.held(12)?.deleted, true);
});

test("what comes to belong to the source later takes its place", async () => {
  const { window, room } = everyThird(30);
  await window.open();
  window.take(room.edit(10, "it is found now"));
  window.take(room.edit(1, "it is found now"));
  assert.deepEqual(keys(window), [1, 3, 6, 9, 10, ...thirds(12, 30)]);
});

test("what is before the window does not come into it by a change", async () => {
  const { window, room, live } = everyThird(360);
  await window.open();
  live(room.edit(3, "far away"));
  assert.deepEqual(keys(window), thirds(213, 360));
});

test("a change that overtakes its page is not lost", async () => {
  const { window, world, room, live } = everyThird(360);
  await window.open();
  const answer = deferred();
  world.until = answer.promise;
  const loading = window.loadOlder();
  await settled();
  live(room.edit(210, "edited after the page was read"));
  answer.resolve(undefined);
  await loading;
  assert.equal(window.held(210)?.body, "edited after the page was read");
});

test("what was trimmed is paged in again, on both sides", async () => {
  const { window } = everyThird(360);
  await window.open();
  window.trim("older", 10);
  assert.deepEqual([keys(window), window.hasOlder], [thirds(333, 360), true]);
  window.trim("newer", 4);
  assert.deepEqual([keys(window), window.hasNewer], [thirds(333, 342), true]);
  await window.loadOlder();
  await window.loadNewer();
  assert.deepEqual(keys(window), thirds(183, 360));
  assert.equal(window.hasNewer, false);
});

test("a page is dropped whose end of the window was trimmed meanwhile", async () => {
  const { window, world } = everyThird(360);
  await window.open();
  const answer = deferred();
  world.until = answer.promise;
  const loading = window.loadOlder();
  await settled();
  window.trim("older", 10);
  answer.resolve(undefined);
  await loading;
  assert.deepEqual([keys(window), window.hasOlder], [thirds(333, 360), true]);
});

/** A small generator of random numbers that can be repeated. @param {number} seed */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A random history, after which the window is compared with its source. @param {number} seed */
async function history(seed) {
  const random = chance(seed);
  /** @param {number} count */
  const below = (count) => Math.floor(random() * count);
  const { window, world, room, live, all } = everyThird(below(400));
  if (random() < 0.3) world.fits = 1 + below(10);
  const number = () => 1 + below(room.messages.length);
  const any = () => room.messages.length > 0;
  /** @type {(() => unknown)[]} */
  const steps = [
    () => live(room.send("grace", `${below(1e6)}`)),
    () => any() && live(room.edit(number(), `edited ${below(1e6)}`)),
    () => any() && live(room.delete(number())),
    () => void window.loadOlder(),
    () => void window.loadNewer(),
    () => any() && void window.jumpTo(number()),
    () => void window.jumpToLatest(),
    () => window.trim(random() < 0.5 ? "older" : "newer", 1 + below(40)),
    settled,
  ];
  await window.open();
  /** What is held equals a part of the source, and the edges tell whether it is all. */
  const check = () => {
    const held = window.messages;
    const source = all();
    const from = source.findIndex((one) => one.number === held[0]?.number);
    const part = held.length === 0 ? [] : source.slice(from, from + held.length);
    assert.deepEqual(
      held.map(({ id, body, deleted }) => ({ id, body, deleted })),
      part.map(({ id, body, deleted }) => ({ id, body, deleted })),
    );
    if (!window.hasOlder) assert.ok(held.length === 0 || from === 0, "older ones are missing");
    if (!window.hasNewer)
      assert.equal(held.at(-1)?.number, source.at(-1)?.number, "newer ones are missing");
  };
  for (let step = 0; step < 60; step++) {
    await steps[below(steps.length)]();
    if (!window.loading) check();
  }
  await settled();
  await window.jumpToLatest();
  while (window.hasOlder) await window.loadOlder();
  check();
  assert.equal(window.messages.length, all().length);
}

test("whatever happens, a window is a part of its source and knows its edges", async () => {
  for (let seed = 1; seed <= 100; seed++) {
    await history(seed).catch((error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    });
  }
});
