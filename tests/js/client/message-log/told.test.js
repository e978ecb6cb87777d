/** What programs are told of the messages of all rooms, by `message` events. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { aClient, aClientInARoom, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

/** @param {any[]} details */
const story = (details) => details.map(({ change, message }) => `${change} ${message.number}`);

/** A connected program that listens, in a server with one room. */
async function aProgram() {
  const world = aClient();
  const room = world.server.open();
  room.send("grace", "before");
  await world.client.connect();
  const told = heard(world.client, "message");
  return { ...world, room, told };
}

/** @param {Awaited<ReturnType<typeof aProgram>>} program @param {() => void} meanwhile */
async function away({ client, server, clock }, meanwhile) {
  server.last.end(1006);
  await settled();
  meanwhile();
  await clock.pass(60_000);
  assert.equal(client.state, "online");
}

test("a program hears the messages of rooms that it never opened", async () => {
  const { client, server, room, told } = await aProgram();
  room.send("grace", "one");
  room.send("grace", "two");
  await settled();
  assert.deepEqual(
    told.map(({ message }) => message.body),
    ["one", "two"],
  );
  assert.deepEqual(story(told), ["sent 2", "sent 3"]);
  assert.equal(told[0].room, room.id);
  assert.equal(server.commands("history").length, 0);
  assert.deepEqual(client.feed(room.id).messages, []);
});

test("edits, reactions and deletions are told apart from new messages", async () => {
  const { room, told } = await aProgram();
  room.send("grace", "two");
  room.edit(2, "Two");
  room.react(1, "👍", ["grace"]);
  room.delete(2);
  await settled();
  assert.deepEqual(story(told), ["sent 2", "changed 2", "changed 1", "deleted 2"]);
  assert.equal(told[1].message.body, "Two");
});

test("a message and its edit in one frame are told both", async () => {
  const { client, room, server, told } = await aProgram();
  server.last.isDeaf = true;
  const sent = room.send("grace", "two");
  const edited = room.edit(2, "Two");
  const event = (/** @type {any} */ message) => ({
    type: "message",
    room: room.id,
    position: message.position,
    message,
  });
  client.receive(JSON.stringify([event(sent), event(edited)]));
  await settled();
  assert.deepEqual(story(told), ["sent 2", "changed 2"]);
});

test("one's own message is told once, after those that precede it", async () => {
  const { client, room, server, told } = await aProgram();
  server.last.holds = (type) => type === "message";
  room.send("grace", "two");
  client.sendMessage(room.id, { body: "three" });
  await settled();
  server.last.release();
  await settled();
  assert.deepEqual(story(told), ["sent 2", "sent 3"]);
});

test("an open room tells the same as one that is not open", async () => {
  const { client, room } = await aClientInARoom({ messages: 2 });
  const told = heard(client, "message");
  room.send("grace", "three");
  await client.feed(room.id).jumpTo(1);
  client.sendMessage(room.id, { body: "four" });
  await settled();
  assert.deepEqual(story(told), ["sent 3", "sent 4"]);
});

test("what was missed is told once and in order when the connection is back", async () => {
  const program = await aProgram();
  const { server, room, told } = program;
  const second = server.open({ name: "second" });
  await settled();
  await away(program, () => {
    for (let number = 2; number <= 14; number++) room.send("grace", `message ${number}`);
    room.react(1, "👍", ["grace"]);
    second.send("grace", "there");
  });
  const here = story(told.filter((detail) => detail.room === room.id));
  assert.deepEqual(
    here.filter((one) => one.startsWith("sent")),
    Array.from({ length: 13 }, (_, i) => `sent ${i + 2}`),
  );
  assert.equal(here.filter((one) => one === "changed 1").length, 1);
  assert.equal(here.length, 14);
  assert.deepEqual(story(told.filter((detail) => detail.room === second.id)), ["sent 1"]);
});

test("a missed message that was edited since counts as new, however late the log brings it", async () => {
  const program = await aProgram();
  const { room, told } = program;
  await away(program, () => {
    for (let number = 2; number <= 12; number++) room.send("grace", `message ${number}`);
    room.edit(2, "Two"); // it comes with the last page of changes now
  });
  assert.deepEqual(
    story(told).sort(),
    Array.from({ length: 11 }, (_, i) => `sent ${i + 2}`).sort(),
  );
  room.edit(2, "two again");
  await settled();
  assert.equal(story(told).at(-1), "changed 2");
});

test("a gap in what comes live is filled before what follows is told", async () => {
  const { room, server, told } = await aProgram();
  server.last.isDeaf = true;
  room.send("grace", "two");
  server.last.isDeaf = false;
  room.send("grace", "three");
  await settled();
  assert.deepEqual(story(told), ["sent 2", "sent 3"]);
});

test("a room into which one came while away is told from there", async () => {
  const program = await aProgram();
  const { server, told } = program;
  let known = "";
  await away(program, () => {
    const direct = server.open({ kind: "direct", name: "" });
    direct.send("grace", "hi");
    const old = server.open({ name: "old" });
    for (const body of ["one", "two"]) old.send("grace", body);
    old.reads.set("ada", 1); // who is added has read what was there
    known = direct.id;
  });
  assert.deepEqual(told.map(({ message }) => message.body).sort(), ["hi", "two"]);
  assert.ok(told.some(({ room }) => room === known));
});

test("a room that comes with its first messages tells them", async () => {
  const { server, told } = await aProgram();
  server.last.isDeaf = true;
  const direct = server.open({ kind: "direct", name: "" });
  direct.send("grace", "hi");
  server.last.isDeaf = false;
  server.broadcast({ type: "room", room: direct.seenBy("ada") }, () => true);
  await settled();
  direct.send("grace", "there?");
  await settled();
  assert.deepEqual(story(told), ["sent 1", "sent 2"]);
});

test("too long an absence is bounded, and said", async () => {
  const program = await aProgram();
  const { client, room, told } = program;
  const skipped = heard(client, "skipped");
  await away(program, () => {
    for (let number = 2; number <= 1_101; number++) room.send("grace", `message ${number}`);
  });
  assert.deepEqual(skipped, [{ room: room.id, after: 1 }]);
  assert.deepEqual(
    story(told),
    Array.from({ length: 1_000 }, (_, i) => `sent ${i + 102}`),
  );
});

test("a restored history tells nothing twice", async () => {
  const program = await aProgram();
  const { server, room, told, clock } = program;
  room.send("grace", "two");
  room.send("grace", "three");
  await settled();
  server.restore(room, 2);
  await clock.pass(60_000);
  room.send("grace", "another third");
  await settled();
  assert.deepEqual(story(told), ["sent 2", "sent 3", "sent 3"]);
});

test("whoever does not listen reads no more than before after an absence, in 500 rooms", async () => {
  const server = new Server();
  const rooms = Array.from({ length: 500 }, (_, index) => server.open({ name: `room ${index}` }));
  const { client, clock } = aClient({ server });
  await client.connect();
  server.last.end(1006);
  await settled();
  for (const room of rooms) for (let sent = 0; sent < 201; sent++) room.position += 1;
  await clock.pass(60_000);
  assert.equal(client.state, "online");
  assert.equal(server.commands("sync").length, 0);
  assert.equal(server.commands("history").length, 0);
});
