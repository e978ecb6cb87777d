import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";

test("a room that was opened is there when the reply is", async () => {
  const { client } = await aClientInARoom();
  const told = heard(client, "rooms");
  const { room } = await client.send({
    type: "room.open",
    kind: "private",
    name: "plans",
    members: ["grace"],
  });
  assert.equal(client.rooms.get(room.id)?.name, "plans");
  await settled();
  assert.equal(told.length, 1);
});

test("a room that one was added to is followed from where it stands", async () => {
  const { client, server } = await aClientInARoom();
  const other = server.open({ name: "new", members: ["grace"] });
  for (const body of ["before", "me"]) other.send("grace", body);
  other.members.push("ada");
  server.last.say({ type: "room", room: other.seenBy("ada") });
  other.send("grace", "after");
  await settled();
  assert.equal(client.rooms.get(other.id)?.number, 3);
  assert.equal(server.commands("sync").length, 0);
  await client.feed(other.id).open();
  assert.equal(client.feed(other.id).messages.length, 3);
});

test("a renamed room keeps what is known of its messages", async () => {
  const { client, server, room } = await aClientInARoom({ messages: 3 });
  const told = heard(client, "room");
  const stale = room.seenBy("ada");
  room.send("grace", "message 4");
  server.last.say({ type: "room", room: { ...stale, name: "renamed" } });
  await settled();
  const { name, number, position } = client.rooms.get(room.id) ?? {};
  assert.deepEqual({ name, number, position }, { name: "renamed", number: 4, position: 4 });
  assert.ok(told.some((detail) => detail.room === room.id));
});

test("a room that one was removed from is gone with all that was held of it", async () => {
  const { client, server, room, feed } = await aClientInARoom();
  /** @type {unknown[]} */
  const told = [];
  client.addEventListener("removed", (event) =>
    told.push(/** @type {CustomEvent} */ (event).detail),
  );
  const { name, position } = /** @type {import("../../../../static/chat/protocol.js").Room} */ (
    client.rooms.get(room.id)
  );
  server.last.say({ type: "room.removed", room: room.id, reason: "removed", by: "grace" });
  server.last.say({ type: "room.removed", room: room.id, reason: "removed" });
  await settled();
  assert.deepEqual(told, [{ room: room.id, name, by: "grace", position }]);
  assert.equal(client.rooms.size, 0);
  assert.notEqual(client.feed(room.id), feed);
  assert.deepEqual(client.feed(room.id).messages, []);
});

test("a room that one was removed from while away is gone at the return", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  server.last.end(1006);
  room.members.splice(0);
  await clock.pass(1_000);
  assert.equal(client.rooms.size, 0);
  assert.deepEqual(client.feed(room.id).messages, []);
});

test("somebody else who signs in sees nothing of the one before", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  const before = client.feed(room.id);
  server.last.end(1006);
  await clock.pass(1_000);
  server.last.say({
    type: "ready",
    protocol: 1,
    heartbeat: 10,
    online: [],
    rooms: [room.seenBy("alan")],
    user: { id: "id of alan", username: "alan", display_name: "Alan", avatar_url: null },
  });
  await settled();
  assert.equal(client.username, "alan");
  assert.notEqual(client.feed(room.id), before);
});

test("how far one person has read is not said in the name of the next", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  server.last.isDead = true;
  client.markRead(room.id, 3);
  await clock.pass(1_000);
  server.last.end(1006);
  server.isGreeting = false;
  await clock.pass(1_000);
  server.last.say({
    type: "ready",
    protocol: 1,
    heartbeat: 10,
    online: [],
    rooms: [room.seenBy("alan")],
    user: { id: "id of alan", username: "alan", display_name: "Alan", avatar_url: null },
  });
  await clock.pass(5_000);
  assert.equal(client.username, "alan");
  assert.deepEqual(server.commands("room.read"), []);
});
