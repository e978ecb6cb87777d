import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatError, handleIncomingMessage } from "../../../static/chat/client.js";
import { aClient, aClientInARoom, heard } from "../support/fixtures.js";
import { settled } from "../support/clock.js";
import { Server } from "../support/server.js";

/** @param {ReturnType<typeof aClient>["client"]} client @param {string} room */
const unread = (client, room) => client.rooms.get(room)?.unread;

// -- Commands -------------------------------------------------------------------------------------

test("each reply goes to the command that it answers", async () => {
  const { client, room, server } = await aClientInARoom({ messages: 10 });
  server.last.holds = (type) => type === "reply";
  const first = client.send({ type: "history", room: room.id, limit: 1 });
  const second = client.send({ type: "history", room: room.id, limit: 2 });
  await settled();
  const [one, two] = server.commands("history").slice(-2);
  assert.notEqual(one.ref, two.ref);
  server.last.release();
  assert.equal((await second).messages.length, 2);
  assert.equal((await first).messages.length, 1);
});

test("an error rejects its command with code and detail", async () => {
  const { client, room, server } = await aClientInARoom();
  server.refuse = () => ({ code: "not_found", detail: "There is no such room." });
  await assert.rejects(client.send({ type: "room.leave", room: room.id }), (error) => {
    assert.ok(error instanceof ChatError);
    assert.equal(error.code, "not_found");
    assert.equal(error.detail, "There is no such room.");
    return true;
  });
});

test("an error without a ref concerns nobody", async () => {
  const { client, server } = await aClientInARoom();
  server.last.say({ type: "error", ref: "", code: "bad_request", detail: "?" });
  await settled();
  assert.equal(client.state, "online");
});

test("a command is refused at once while there is no connection", async () => {
  const { client, room } = await aClientInARoom();
  client.disconnect();
  await assert.rejects(client.send({ type: "room.leave", room: room.id }), { code: "network" });
});

test("a command whose connection is lost is rejected", async () => {
  const { client, room, server } = await aClientInARoom();
  server.last.holds = () => true;
  const leaving = client.send({ type: "room.leave", room: room.id });
  await settled();
  server.last.end(1006);
  await assert.rejects(leaving, { code: "network" });
});

test("a command that is never answered is given up", async () => {
  const { client, room, server, clock } = await aClientInARoom();
  server.last.holds = (type) => type === "reply";
  const leaving = assert.rejects(client.send({ type: "room.leave", room: room.id }), {
    code: "timeout",
  });
  await clock.pass(30_000);
  await leaving;
});

test("unknown types, fields and nonsense are ignored", async () => {
  const { client, server, room, feed } = await aClientInARoom({ messages: 1 });
  server.last.say({ type: "poll.opened", room: room.id });
  server.last.say({ type: "constructor" });
  server.last.say({ type: "presence", user: "grace", state: "online", since: "always" });
  server.last.say([]);
  client.receive("not json");
  client.receive("null");
  client.receive('[1, null, "text", {}]');
  room.send("grace", "still here");
  await settled();
  assert.equal(feed.messages.length, 2);
  assert.ok(client.online.has("grace"));
});

test("handleIncomingMessage applies an object to the client of that socket alone", async () => {
  const server = new Server();
  server.open();
  const { client: ada } = aClient({ server });
  const { client: grace } = aClient({ server, username: "grace" });
  await ada.connect();
  await grace.connect();
  handleIncomingMessage({ type: "presence", user: "alan", state: "online" }, ada.socket);
  handleIncomingMessage({ type: "presence", user: "alan", state: "online" }, null);
  assert.ok(ada.online.has("alan"));
  assert.ok(!grace.online.has("alan"));
});

// -- Rooms ----------------------------------------------------------------------------------------

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
  const { name, position } = /** @type {import("../../../static/chat/protocol.js").Room} */ (
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

// -- Reading --------------------------------------------------------------------------------------

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

// -- Mentions -------------------------------------------------------------------------------------

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

// -- People ---------------------------------------------------------------------------------------

test("people are asked for together, and announced when they are known", async () => {
  const { client, server, clock } = await aClientInARoom();
  await clock.pass(100);
  const told = heard(client, "people");
  assert.equal(client.person("grace").display_name, "grace");
  client.person("alan");
  client.person("grace");
  await clock.pass(100);
  assert.equal(client.person("grace").display_name, "GRACE");
  assert.deepEqual(
    server.commands("people.get").map(({ usernames }) => usernames),
    [["grace", "alan"]],
  );
  assert.equal(told.length, 1);
});

test("a changed name is known at once", async () => {
  const { client, server } = await aClientInARoom();
  const person = { username: "ada", display_name: "Countess", avatar_url: null };
  server.last.say({ type: "person", person });
  await settled();
  assert.equal(client.person("ada").display_name, "Countess");
  assert.equal(client.me?.display_name, "Countess");
  await client.send({ type: "user.update", display_name: "Ada L." });
  assert.equal(client.me?.display_name, "Ada L.");
});

test("people come and go", async () => {
  const { client, server } = await aClientInARoom();
  const told = heard(client, "presence");
  server.last.say({ type: "presence", user: "grace", state: "online" });
  await settled();
  assert.ok(client.online.has("grace"));
  server.last.say({ type: "presence", user: "grace", state: "offline" });
  await settled();
  assert.ok(!client.online.has("grace"));
  assert.deepEqual(told, [{ user: "grace" }, { user: "grace" }]);
});

// -- Typing ---------------------------------------------------------------------------------------

test("typing ends after five seconds, or when it is said again, five after that", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await clock.pass(3_000);
  assert.deepEqual(client.typing(room.id), ["grace"]);
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await clock.pass(4_000);
  assert.deepEqual(client.typing(room.id), ["grace"]);
  await clock.pass(1_000);
  assert.deepEqual(client.typing(room.id), []);
});

test("typing ends with the message", async () => {
  const { client, server, room } = await aClientInARoom();
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await settled();
  room.send("grace", "done");
  await settled();
  assert.deepEqual(client.typing(room.id), []);
});

test("nobody is typing in a connection that is lost, nor oneself", async () => {
  const { client, server, room } = await aClientInARoom();
  server.last.say({ type: "typing", room: room.id, user: "ada" });
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await settled();
  assert.deepEqual(client.typing(room.id), ["grace"]);
  server.last.end(1006);
  await settled();
  assert.deepEqual(client.typing(room.id), []);
});

test("one's own typing is told every three seconds, and afresh after sending", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  for (let key = 0; key < 40; key++) {
    client.sayTyping(room.id);
    await clock.pass(100);
  }
  assert.equal(server.commands("typing").length, 2);
  client.sendMessage(room.id, { body: "sent" });
  client.sayTyping(room.id);
  await settled();
  assert.equal(server.commands("typing").length, 3);
});
