import assert from "node:assert/strict";
import { test } from "node:test";

import { aClient, aClientInARoom } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

/** A client that has never opened this room, in which grace has said so much. @param {number} messages */
async function aClientBesideARoom(messages) {
  const server = new Server();
  const room = server.open();
  for (let number = 1; number <= messages; number++) room.send("grace", `message ${number}`);
  const world = aClient({ server });
  await world.client.connect();
  const unread = () => world.client.rooms.get(room.id)?.unread;
  return { ...world, room, unread };
}

test("one's own messages and those that are gone are not unread", async () => {
  const { room, unread, server } = await aClientBesideARoom(3);
  room.send("grace", "news");
  await settled();
  assert.equal(unread(), 4);
  room.delete(4);
  await settled();
  assert.equal(unread(), 3);
  room.send("grace", "news");
  room.hide(5, true);
  room.hide(5, false);
  room.react(5, "👍", ["alan"]);
  await settled();
  assert.equal(unread(), 4);
  assert.deepEqual(server.commands("room.unread"), [], "what events tell is not asked");
});

test("what events do not tell is asked, once for all that come together", async () => {
  const { room, unread, server, clock } = await aClientBesideARoom(9);
  room.delete(4); // it may have been hidden before
  room.delete(5);
  room.read("ada", 2);
  await clock.pass(1_000);
  assert.equal(unread(), 5);
  assert.equal(server.commands("room.unread").length, 1);
  room.read("ada", 9);
  await clock.pass(1_000);
  assert.equal(unread(), 0);
  assert.equal(server.commands("room.unread").length, 1, "nothing is left to be asked");
});

test("an answer that is overtaken by events is asked for again", async () => {
  const { room, unread, server, clock } = await aClientBesideARoom(9);
  server.last.holds = (type) => type === "reply";
  room.delete(4);
  await clock.pass(400);
  room.send("grace", "news");
  await settled();
  server.last.release();
  await clock.pass(2_000);
  assert.equal(unread(), 9);
  assert.equal(server.commands("room.unread").length, 2);
});

test("who reads on through messages that are held asks nothing", async () => {
  const { client, clock, server, room } = await aClientInARoom({ messages: 20 });
  room.hide(7, true);
  await settled();
  for (const number of [4, 9, 15]) {
    client.markRead(room.id, number);
    await clock.pass(1_000);
    assert.equal(client.rooms.get(room.id)?.unread, room.unreadBy("ada"));
  }
  assert.deepEqual(server.commands("room.unread"), []);
});

test("a server that does not count is taken at its numbers, and asked once", async () => {
  const server = new Server();
  const room = server.open();
  for (const body of ["a", "b"]) room.send("grace", body);
  room.unreadBy = () => /** @type {any} */ (undefined);
  server.refuse = ({ type }) =>
    type === "room.unread" ? { code: "bad_request", detail: "No such command." } : null;
  const { client, clock } = aClient({ server });
  await client.connect();
  room.send("grace", "c");
  await clock.pass(60_000);
  assert.equal(client.rooms.get(room.id)?.unread, 3);
  assert.equal(server.commands("room.unread").length, 1);
});

test("a client that is greeted by another asks for what that one does not know", async () => {
  const { client, room } = await aClientBesideARoom(9);
  assert.equal(client.greeting?.rooms[0].unread, 9);
  room.delete(4);
  await settled();
  assert.equal(client.greeting?.rooms[0].unread, undefined);
});
