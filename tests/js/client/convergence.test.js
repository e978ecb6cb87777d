/**
 * Whatever happens to the connection, a client ends with what the server has. Random histories
 * are played against a client; at the end the feed must equal the fresh state. A seed that
 * fails is named, so that it can be played again.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom } from "../support/fixtures.js";
import { settled } from "../support/clock.js";

const RUNS = 150;
const STEPS = 60;

/** A small generator of random numbers that can be repeated. @param {number} seed */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} seed */
async function history(seed) {
  const random = chance(seed);
  /** @param {number} count */
  const below = (count) => Math.floor(random() * count);
  const world = await aClientInARoom({ messages: below(120), random });
  const { client, server, clock, room, feed } = world;
  /** @type {string[]} */
  const mine = [];
  if (random() < 0.3) server.resetAfter = 15;

  const open = () => server.connections[0];
  // A room that is never opened is known by what is unread in it.
  const aside = server.open({ name: "aside" });
  for (let count = below(20); count > 0; count--) aside.send("grace", "aside");
  open()?.say({ type: "room", room: aside.seenBy("ada") });
  const numberAside = () => 1 + below(aside.messages.length);

  const number = () => 1 + below(room.messages.length);
  const any = () => room.messages.length > 0;
  /** @type {Record<string, () => unknown>} */
  const steps = {
    send: () => room.send("grace", `${below(1e6)}`),
    reply: () => any() && room.send("grace", `${below(1e6)}`, { reply_to: room.at(number()).id }),
    edit: () => any() && room.edit(number(), `edited ${below(1e6)}`),
    delete: () => any() && room.delete(number()),
    hide: () => any() && room.hide(number(), random() < 0.5),
    read: () => any() && client.markRead(room.id, number()),
    readElsewhere: () => any() && room.read("ada", number()),
    sayAside: () => aside.send("grace", "aside"),
    hideAside: () => aside.messages.length > 0 && aside.hide(numberAside(), random() < 0.5),
    deleteAside: () => aside.messages.length > 0 && aside.delete(numberAside()),
    reactAside: () => aside.messages.length > 0 && aside.react(numberAside(), "👍", ["grace"]),
    readAside: () => aside.messages.length > 0 && aside.read("ada", numberAside()),
    react: () => any() && room.react(number(), "👍", random() < 0.5 ? ["grace"] : []),
    write: () => mine.push(client.sendMessage(room.id, { body: `mine ${mine.length}` })),
    answer: () => {
      const replyTo = any() ? room.at(number()).id : null;
      mine.push(client.sendMessage(room.id, { body: `mine ${mine.length}`, replyTo }));
    },
    correct: () => {
      if (!any()) return;
      const message = room.at(number()).id;
      client.send({ type: "message.edit", message, body: "corrected" }).catch(() => {});
    },
    lose: () => open() && (open().isDeaf = true),
    hear: () => open() && (open().isDeaf = false),
    hold: () => open() && (open().holds = () => random() < 0.5),
    release: () => open()?.release(),
    die: () => open() && (open().isDead = true),
    end: () => open()?.end(random() < 0.5 ? 1006 : 1012),
    down: () => ((server.isUp = random() < 0.5), open()?.end(1006)),
    older: () => void feed.loadOlder().catch(() => {}),
    newer: () => void feed.loadNewer().catch(() => {}),
    jump: () => any() && void feed.jumpTo(number()).catch(() => {}),
    trim: () => feed.trim(random() < 0.5 ? "older" : "newer", 1 + below(80)),
    beat: () => open()?.say({ type: "heads", rooms: { [room.id]: room.position } }),
    wait: () => clock.pass(below(3_000)),
  };
  const names = Object.keys(steps);
  for (let step = 0; step < STEPS; step++) {
    await steps[names[below(names.length)]]();
    if (random() < 0.4) await settled();
  }

  // The troubles end: one heartbeat later all is well.
  server.isUp = true;
  server.resetAfter = Infinity;
  await clock.pass(60_000);
  for (const connection of server.connections) {
    connection.isDeaf = false;
    connection.release();
    connection.say({
      type: "heads",
      rooms: { [room.id]: room.position, [aside.id]: aside.position },
    });
  }
  await clock.pass(60_000);
  return { ...world, aside, mine };
}

test("random sends, edits, deletions, losses and reconnections end in the fresh state", async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const { client, room, aside, feed, mine } = await history(seed);
    const where = `seed ${seed}`;
    assert.equal(client.state, "online", where);
    assert.equal(feed.position, room.position, where);

    const held = feed.messages;
    const first = held[0]?.number ?? 1;
    const fresh = room.messages
      .slice(first - 1, first - 1 + held.length)
      .map((message) => ({ ...room.shown(message), state: "sent", error: null, behind: false }));
    assert.deepEqual(held, fresh, where);
    if (!feed.hasNewer) assert.equal(first - 1 + held.length, room.messages.length, where);

    assert.deepEqual(client.unsent, [], where);
    const stored = room.messages.filter(({ sender }) => sender === "ada");
    assert.deepEqual(
      stored.map(({ client_id }) => client_id),
      mine,
      where,
    );
    assert.equal(client.rooms.get(room.id)?.number, room.messages.length, where);

    for (const one of [room, aside]) {
      const { read, unread } = one.seenBy("ada");
      const known = client.rooms.get(one.id);
      assert.deepEqual({ read: known?.read, unread: known?.unread }, { read, unread }, where);
    }

    await feed.jumpToLatest();
    while (feed.hasOlder) await feed.loadOlder();
    assert.equal(feed.messages.length, room.messages.length, where);
  }
});
