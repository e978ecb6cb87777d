import assert from "node:assert/strict";
import { test } from "node:test";

import { aClient, aClientInARoom, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

/** @param {import("../../../../static/chat/client.js").ChatClient} client @param {string} room */
const unread = (client, room) => client.rooms.get(room)?.unread;

test("a mention is told, once", async () => {
  const { client, room } = await aClientInARoom();
  const told = heard(client, "mention");
  room.send("grace", "@ada look", { mentions: ["ada"] });
  room.send("grace", "@alan look", { mentions: ["alan"] });
  room.edit(4, "@ada look again");
  room.send("ada", "@ada to myself", { mentions: ["ada"] });
  await settled();
  assert.deepEqual(
    told.map(({ message }) => message.number),
    [4],
  );
  assert.equal(told[0].room, room.id);
});

test("what becomes of a message that was told is told, with no need to hear of all messages", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  const told = heard(client, "message-changed");
  room.send("grace", "@ada look", { mentions: ["ada"] });
  room.edit(4, "@ada look again");
  await settled();
  server.last.end(1006);
  await settled();
  room.delete(4);
  await clock.pass(60_000);
  assert.equal(client.state, "online");
  assert.deepEqual(
    told.map(({ message }) => [message.number, message.deleted]),
    [
      [4, false],
      [4, true],
    ],
  );
});

test("in a direct room every new message concerns me", async () => {
  const server = new Server();
  const direct = server.open({ kind: "direct" });
  const { client } = aClient({ server });
  await client.connect();
  const told = heard(client, "mention");
  direct.send("grace", "psst");
  await settled();
  assert.equal(told.length, 1);
});

/** A connected client, and a direct room that grace has opened: ada is no member before its first message. */
async function picked() {
  const world = aClient();
  await world.client.connect();
  const direct = world.server.open({ kind: "direct", members: ["grace"] });
  const told = heard(world.client, "mention");
  const begin = (/** @type {string} */ body) => {
    const before = { ...direct.seenBy("ada"), members: ["grace", "ada"], member_count: 2 };
    const message = direct.send("grace", body);
    direct.members.push("ada");
    return { before, message };
  };
  return { ...world, direct, told, begin };
}

test("a direct room that comes with its first message calls for it, once", async () => {
  const { client, server, direct, told, begin } = await picked();
  const { before, message } = begin("psst");
  const event = { type: "message", room: direct.id, position: 1, message };
  client.receive(JSON.stringify([{ type: "room", room: before }, event]));
  server.last.say(event); // comes twice
  server.last.say({ type: "room", room: direct.seenBy("ada") });
  await settled();
  assert.deepEqual(
    told.map(({ message }) => message.body),
    ["psst"],
  );
  assert.equal(unread(client, direct.id), 1);
  assert.deepEqual([...client.rooms.keys()], [direct.id]);
  assert.equal(server.commands("sync").length, 0);
});

test("a direct room that is told after its first messages calls for them all the same", async () => {
  const { client, server, direct, told, begin } = await picked();
  begin("psst");
  direct.edit(1, "pssst");
  direct.send("grace", "are you there?");
  server.last.say({ type: "room", room: direct.seenBy("ada") });
  await settled();
  assert.deepEqual(
    told.map(({ message }) => message.body),
    ["pssst", "are you there?"],
  );
  assert.equal(unread(client, direct.id), 2);
});

test("a first message that was missed for a moment is told at the return, once", async () => {
  const { client, server, clock, direct, told, begin } = await picked();
  for (const body of ["psst", "are you there?"]) {
    server.last.end(1012);
    if (direct.messages.length) direct.send("grace", body);
    else begin(body);
    await clock.pass(1_000);
  }
  assert.deepEqual(
    told.map(({ message }) => message.body),
    ["psst", "are you there?"],
  );
  assert.equal(unread(client, direct.id), 2);
  assert.equal(server.commands("history").length, 0);
});

test("a mention that was missed for a moment is told at the return", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  const told = heard(client, "mention");
  server.last.end(1012);
  room.send("grace", "@ada are you there", { mentions: ["ada"] });
  await clock.pass(1_000);
  assert.equal(told.length, 1);
});
