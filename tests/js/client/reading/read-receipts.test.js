import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";

/** @param {import("../../../../static/chat/client.js").ChatClient} client @param {string} room */
const unread = (client, room) => client.rooms.get(room)?.unread;

test("messages in rooms that are not open count as unread", async () => {
  const { client, server } = await aClientInARoom();
  const other = server.open({ name: "other" });
  server.last.say({ type: "room", room: other.seenBy("ada") });
  other.send("grace", "one");
  other.send("grace", "two");
  other.edit(1, "one, edited");
  await settled();
  assert.equal(unread(client, other.id), 2);
});

test("a lost message counts as unread after the next heartbeat, in a room that is not open too", async () => {
  const { client, server, clock } = await aClientInARoom();
  const other = server.open({ name: "other" });
  server.last.end(1006);
  await clock.pass(1_000);
  server.last.isDeaf = true;
  other.send("grace", "one");
  server.last.say({ type: "heads", rooms: { [other.id]: 1 } });
  await settled();
  assert.equal(unread(client, other.id), 1);
});

test("after a reset a room that is not open still knows its unread messages", async () => {
  const { client, server, clock } = await aClientInARoom();
  const other = server.open({ name: "other" });
  server.last.end(1006);
  await clock.pass(1_000);
  server.last.isDeaf = true;
  server.resetAfter = 2;
  for (const body of ["a", "b", "c", "d"]) other.send("grace", body);
  server.last.say({ type: "heads", rooms: { [other.id]: 4 } });
  await clock.pass(1_000);
  assert.equal(unread(client, other.id), 4);
  assert.equal(client.feed(other.id).loaded, false);
});

test("marking as read shows at once, is told once, and never goes back", async () => {
  const { client, server, clock, room } = await aClientInARoom({ messages: 5 });
  client.markRead(room.id, 2);
  client.markRead(room.id, 4);
  client.markRead(room.id, 3);
  assert.equal(unread(client, room.id), 1);
  await clock.pass(1_000);
  assert.deepEqual(
    server.commands("room.read").map(({ number }) => number),
    [4],
  );
});

test("no more is marked as read than there is", async () => {
  const { client, clock, server, room } = await aClientInARoom({ messages: 5 });
  client.markRead(room.id, 99);
  await clock.pass(1_000);
  assert.equal(unread(client, room.id), 0);
  assert.equal(server.commands("room.read")[0].number, 5);
});

test("what was read offline is told at the return, and not forgotten by it", async () => {
  const { client, server, clock, room } = await aClientInARoom({ messages: 5 });
  server.isUp = false;
  server.last.end(1006);
  await settled();
  client.markRead(room.id, 5);
  await clock.pass(2_000);
  server.isUp = true;
  await clock.pass(30_000);
  assert.equal(unread(client, room.id), 0);
  assert.deepEqual(
    server.commands("room.read").map(({ number }) => number),
    [5],
  );
});

test("what another device has read is read here", async () => {
  const { client, server, room } = await aClientInARoom({ messages: 5 });
  server.last.say({ type: "read", room: room.id, user: "ada", number: 4 });
  server.last.say({ type: "read", room: room.id, user: "ada", number: 2 });
  server.last.say({ type: "read", room: room.id, user: "grace", number: 5 });
  await settled();
  assert.equal(unread(client, room.id), 1);
});

test("whoever answers has read the room", async () => {
  const { client, clock, server, room } = await aClientInARoom({ messages: 5 });
  client.sendMessage(room.id, { body: "answer" });
  await clock.pass(1_000);
  assert.equal(unread(client, room.id), 0);
  assert.deepEqual(
    server.commands("room.read").map(({ number }) => number),
    [6],
  );
});

test("what came while a message waited to be sent is not read", async () => {
  const { client, clock, server, room } = await aClientInARoom({ messages: 5 });
  server.last.isDead = true;
  server.isUp = false;
  server.last.end(1006);
  client.sendMessage(room.id, { body: "written without a line" });
  for (let n = 0; n < 3; n++) room.send("grace", `meanwhile ${n}`);
  server.isUp = true;
  await clock.pass(60_000);
  assert.equal(room.at(9).sender, "ada");
  assert.equal(unread(client, room.id), 3);
  assert.equal(client.rooms.get(room.id)?.read, 5);
});

test("what programs send under one's name marks nothing as read", async () => {
  const { client, room } = await aClientInARoom({ messages: 5 });
  room.send("ada", "a report");
  await settled();
  assert.equal(unread(client, room.id), 5);
});
