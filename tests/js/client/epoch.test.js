import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom, bodies, heard, numbers } from "../support/fixtures.js";
import { settled } from "../support/clock.js";

/** @typedef {Awaited<ReturnType<typeof aClientInARoom>>} World */

/** The server is restored to how it was after so many messages, and the client comes back. @param {World} world @param {number} number */
async function restored({ server, clock, room }, number) {
  server.restore(room, number);
  await settled();
  return async () => {
    await clock.pass(60_000);
    await settled();
  };
}

test("a client that was away shows the restored history and nothing of the lost one", async () => {
  const world = await aClientInARoom({ messages: 40 });
  const { client, room, feed } = world;
  const back = await restored(world, 10);
  for (let number = 11; number <= 60; number++) room.send("grace", `new ${number}`);
  await back();
  assert.equal(client.state, "online");
  const shown = room.history({ limit: 50 }).messages.map(({ body }) => body);
  assert.deepEqual(bodies(feed), shown);
  assert.deepEqual(
    numbers(feed),
    Array.from({ length: 50 }, (_, index) => index + 11),
  );
});

test("a history that has grown to the very same position is told apart", async () => {
  const world = await aClientInARoom({ messages: 20 });
  const back = await restored(world, 5);
  for (let number = 6; number <= 20; number++) world.room.send("grace", `new ${number}`);
  await back();
  assert.deepEqual(bodies(world.feed).slice(4, 7), ["message 5", "new 6", "new 7"]);
});

test("mentions are told from the first message after a restore", async () => {
  const world = await aClientInARoom({ messages: 40 });
  const mentions = heard(world.client, "mention");
  const back = await restored(world, 10);
  await back();
  world.room.send("grace", "@ada", { mentions: ["ada"] });
  await settled();
  assert.deepEqual(
    mentions.map(({ message }) => message.number),
    [11],
  );
});

test("it is told, once, and only of a restore", async () => {
  const world = await aClientInARoom({ messages: 3 });
  const told = heard(world.client, "restored");
  const before = world.client.epoch;
  world.server.last.end(1006);
  await world.clock.pass(60_000);
  assert.equal(world.client.state, "online");
  assert.equal(told.length, 0);
  const back = await restored(world, 1);
  await back();
  assert.equal(told.length, 1);
  assert.notEqual(world.client.epoch, before);
});

test("what is unsent is kept and sent", async () => {
  const world = await aClientInARoom({ messages: 20 });
  const back = await restored(world, 10);
  world.client.sendMessage(world.room.id, { body: "kept" });
  assert.equal(world.client.unsent.length, 1);
  await back();
  assert.equal(world.client.unsent.length, 0);
  assert.equal(world.room.messages.at(-1)?.body, "kept");
  assert.equal(bodies(world.feed).at(-1), "kept");
});

for (const [when, milliseconds] of /** @type {const} */ ([
  ["was about to be", 0],
  ["is being", 1_000],
])) {
  test(`how far the lost history was read is not said of the restored one when it ${when} told`, async () => {
    const world = await aClientInARoom({ messages: 40 });
    const { client, server, room, clock } = world;
    server.last.isDead = true;
    client.markRead(room.id, 40);
    await clock.pass(milliseconds);
    server.last.isDead = false;
    const back = await restored(world, 10);
    for (let number = 11; number <= 60; number++) room.send("grace", `new ${number}`);
    await back();
    assert.equal(client.rooms.get(room.id)?.read, 0);
    assert.deepEqual(server.commands("room.read"), []);
  });
}

test("a mark that the server failed on is not said of the restored history, and the next one is", async () => {
  const world = await aClientInARoom({ messages: 40 });
  const { client, server, room, clock } = world;
  server.refuse = ({ type }) =>
    type === "room.read" ? { code: "server_error", detail: "No." } : null;
  client.markRead(room.id, 40);
  await clock.pass(3_000);
  server.received = [];
  server.refuse = () => null;
  const back = await restored(world, 10);
  for (let number = 11; number <= 60; number++) room.send("grace", `new ${number}`);
  await back();
  assert.deepEqual(server.commands("room.read"), []);
  client.markRead(room.id, 40);
  await clock.pass(1_000);
  assert.deepEqual(
    server.commands("room.read").map(({ number }) => number),
    [40],
  );
});

test("a room in which nothing is held stands where the restored one does", async () => {
  const world = await aClientInARoom({ messages: 3 });
  const other = world.server.open({ name: "other" });
  const { client } = world;
  for (let number = 1; number <= 30; number++) other.send("grace", `message ${number}`);
  client.disconnect();
  await client.connect();
  const feed = client.feed(other.id);
  assert.equal(feed.position, 30);
  world.server.restore(other, 10);
  await world.clock.pass(60_000);
  await settled();
  assert.equal(feed.position, 10);
  assert.equal(feed.number, 10);
  assert.equal(world.server.commands("history").filter(({ room }) => room === other.id).length, 0);
});

test("a server that tells no epoch is taken as it is", async () => {
  const world = await aClientInARoom({ messages: 3 });
  const told = heard(world.client, "restored");
  world.server.epoch = /** @type {any} */ (undefined);
  world.server.last.end(1006);
  await world.clock.pass(60_000);
  assert.equal(world.client.state, "online");
  assert.equal(told.length, 0);
  assert.equal(bodies(world.feed).length, 3);
});

test("an unsent reply to a message that is lost is sent without its quote", async () => {
  const world = await aClientInARoom({ messages: 20 });
  const back = await restored(world, 10);
  const lost = world.feed.messages[14];
  world.client.sendMessage(world.room.id, { body: "a reply", replyTo: lost });
  world.server.refuse = ({ type, reply_to }) =>
    type === "message.send" && reply_to === lost.id
      ? { code: "not_found", detail: "The message that this replies to was not found." }
      : null;
  await back();
  assert.equal(world.client.unsent.length, 0);
  assert.equal(world.room.messages.at(-1)?.body, "a reply");
  assert.equal(world.room.messages.at(-1)?.reply_to, null);
});
