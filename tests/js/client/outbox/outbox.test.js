import assert from "node:assert/strict";
import { test } from "node:test";

import { aClient, aClientInARoom, bodies, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { MemoryStorage } from "../../support/storage.js";

test("a message shows at once, and is sent", async () => {
  const { client, room, feed } = await aClientInARoom({ messages: 1 });
  const clientId = client.sendMessage(room.id, { body: "hello" });
  const [, pending] = feed.messages;
  assert.equal(pending.client_id, clientId);
  assert.equal(pending.state, "sending");
  assert.equal(pending.sender, "ada");
  await settled();
  assert.deepEqual(bodies(feed), ["message 1", "hello"]);
  assert.equal(feed.messages[1].state, "sent");
  assert.equal(feed.messages[1].number, 2);
  assert.deepEqual(client.unsent, []);
});

test("it never shows twice nor vanishes on the way, whichever of reply and event is first", async () => {
  for (const late of ["reply", "message"]) {
    const { client, room, feed, server } = await aClientInARoom({ messages: 0 });
    server.last.holds = (type) => type === late;
    client.sendMessage(room.id, { body: "hello" });
    await settled();
    assert.deepEqual(bodies(feed), ["hello"]);
    assert.equal(feed.messages[0].state, "sent");
    server.last.release();
    await settled();
    assert.deepEqual(bodies(feed), ["hello"]);
    assert.equal(server.commands("sync").length, 0);
  }
});

test("a reply that overtakes another's message keeps the order by number", async () => {
  const { client, room, feed, server } = await aClientInARoom({ messages: 0 });
  server.last.holds = (type) => type === "message";
  room.send("grace", "first");
  client.sendMessage(room.id, { body: "second" });
  await settled();
  assert.deepEqual(bodies(feed), ["second"]);
  server.last.release();
  await settled();
  assert.deepEqual(bodies(feed), ["first", "second"]);
  assert.equal(feed.position, 2);
  assert.equal(server.commands("sync").length, 0);
});

test("messages of a room are sent one after the other, in the order of writing", async () => {
  const { client, room, server } = await aClientInARoom({ messages: 0 });
  for (const body of ["a", "b", "c", "d"]) client.sendMessage(room.id, { body });
  await settled();
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["a", "b", "c", "d"],
  );
  assert.equal(server.commands("message.send").length, 4);
});

test("what is written offline is sent when the connection is back, once", async () => {
  const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
  server.isUp = false;
  server.last.end(1006);
  await settled();
  client.sendMessage(room.id, { body: "offline 1" });
  client.sendMessage(room.id, { body: "offline 2" });
  assert.deepEqual(
    feed.messages.map(({ state }) => state),
    ["sending", "sending"],
  );
  await clock.pass(5_000);
  server.isUp = true;
  await clock.pass(30_000);
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["offline 1", "offline 2"],
  );
  assert.deepEqual(bodies(feed), ["offline 1", "offline 2"]);
});

test("a message whose reply was lost is sent again and stored once", async () => {
  const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
  server.last.holds = () => true;
  client.sendMessage(room.id, { body: "did it arrive?" });
  await settled();
  server.last.end(1006);
  await clock.pass(1_000);
  assert.equal(room.messages.length, 1);
  assert.deepEqual(bodies(feed), ["did it arrive?"]);
  assert.deepEqual(client.unsent, []);
});

test("the outbox survives a reload, and is sent once", async () => {
  const storage = new MemoryStorage();
  const { client, room, server, clock } = await aClientInARoom({ storage, messages: 0 });
  server.isUp = false;
  server.last.end(1006);
  await settled();
  client.sendMessage(room.id, { body: "before the reload" });
  client.disconnect();

  server.isUp = true;
  const { client: reloaded } = aClient({ server, clock, storage });
  const feed = reloaded.feed(room.id);
  await reloaded.connect();
  await feed.open();
  await settled();
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["before the reload"],
  );
  assert.deepEqual(bodies(feed), ["before the reload"]);
  assert.equal(storage.length, 0);
});

test("what is written before the first connection is kept as soon as it is known who writes", async () => {
  const storage = new MemoryStorage();
  const { client, server } = aClient({ storage });
  const room = server.open();
  client.sendMessage(room.id, { body: "early" });
  assert.equal(storage.length, 0);
  server.refuse = () => ({ code: "rate_limited", detail: "Wait." });
  await client.connect();
  await settled();
  assert.equal(storage.length, 1);
  assert.match(storage.key(0) ?? "", /^mediachat\.outbox\.id of ada\./);
});

test("another person on the same machine does not see it", async () => {
  const storage = new MemoryStorage();
  const { client, room, server, clock } = await aClientInARoom({ storage, messages: 0 });
  client.disconnect();
  client.sendMessage(room.id, { body: "ada's" });
  const { client: other } = aClient({ server, clock, storage, username: "grace" });
  await other.connect();
  await settled();
  assert.deepEqual(other.unsent, []);
  assert.equal(room.messages.length, 0);
  assert.equal(client.unsent.length, 1);
});

test("sending the command itself resolves when the message is stored", async () => {
  const { client, room, server, clock } = await aClientInARoom({ messages: 0 });
  server.isUp = false;
  server.last.end(1006);
  await settled();
  const sending = client.send({ type: "message.send", room: room.id, body: "hello" });
  server.isUp = true;
  await clock.pass(10_000);
  const { message, position } = await sending;
  assert.equal(message.body, "hello");
  assert.equal(position, 1);
});

test("an answer shows what it quotes while it is on its way", async () => {
  const { client, room, feed } = await aClientInARoom({ messages: 1 });
  client.sendMessage(room.id, { body: "answer", replyTo: feed.messages[0] });
  assert.equal(feed.messages[1].quote?.body, "message 1");
  assert.equal(feed.messages[1].reply_to, room.at(1).id);
  await settled();
  assert.equal(feed.messages[1].quote?.body, "message 1");
});

test("one's own message leads back to the newest", async () => {
  const { client, room, feed } = await aClientInARoom({ messages: 200 });
  await feed.jumpTo(50);
  client.sendMessage(room.id, { body: "mine" });
  await settled();
  assert.equal(feed.hasNewer, false);
  assert.equal(feed.messages.at(-1)?.body, "mine");
});

test("storage that refuses everything does not stop the chat", async () => {
  const storage = Object.assign(new MemoryStorage(), {
    setItem() {
      throw new DOMException("full", "QuotaExceededError");
    },
  });
  const { client, room, feed, server } = await aClientInARoom({ storage, messages: 0 });
  server.refuse = ({ body }) => (body === "no" ? { code: "forbidden", detail: "No." } : null);
  client.sendMessage(room.id, { body: "no" });
  client.sendMessage(room.id, { body: "hello" });
  await settled();
  assert.deepEqual(
    feed.messages.map(({ state }) => state),
    ["sent", "failed"],
  );
});

test("a long message for which the storage has no room keeps no short one out", async () => {
  const storage = new MemoryStorage();
  const { client, room, server } = await aClientInARoom({ storage, messages: 0 });
  server.isUp = false;
  server.last.end(1006);
  await settled();
  storage.limit = 0;
  client.sendMessage(room.id, { body: "long ".repeat(600) });
  client.sendMessage(room.id, { body: "short" });
  const discarded = client.sendMessage(room.id, { body: "never mind" });
  storage.limit = 2_000;
  client.discard(discarded);
  assert.equal(storage.length, 1);
  assert.equal(JSON.parse(storage.getItem(storage.key(0) ?? "") ?? "").body, "short");
});

test("listeners are told when the outbox changes", async () => {
  const { client, room } = await aClientInARoom({ messages: 0 });
  const told = heard(client, "outbox");
  client.sendMessage(room.id, { body: "hello" });
  await settled();
  assert.equal(told.length, 2);
});

test("a message that is in a page already is not shown as unsent beside it", async () => {
  const storage = new MemoryStorage();
  const { client, room, server, clock } = await aClientInARoom({ storage, messages: 0 });
  client.disconnect();
  const client_id = client.sendMessage(room.id, { body: "stored, but the reply was lost" });
  room.send("ada", "stored, but the reply was lost", { client_id });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "rate_limited", detail: "Wait." } : null;
  const { feed } = await aClientInARoom({ storage, server, clock, messages: 0 });
  assert.deepEqual(
    feed.messages.map(({ state }) => state),
    ["sent"],
  );
  assert.equal(storage.length, 0);
});

test("sending the same message twice resolves both times", async () => {
  const { client, room, server } = await aClientInARoom({ messages: 0 });
  const client_id = crypto.randomUUID();
  const command = {
    type: /** @type {const} */ ("message.send"),
    room: room.id,
    client_id,
    body: "once",
  };
  const [first, second] = await Promise.all([client.send(command), client.send(command)]);
  assert.equal(first.message.id, second.message.id);
  assert.equal(room.messages.length, 1);
  assert.ok(server.commands("message.send").length >= 1);
});

test("what is unsent in a room that is gone is kept, with what the room was called", async () => {
  const { client, room, server, clock } = await aClientInARoom({ messages: 0 });
  server.isUp = false;
  server.last.end(1006);
  await settled();
  const clientId = client.sendMessage(room.id, { body: "too late" });
  room.members = ["grace"];
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "not_found", detail: "There is no such room." } : null;
  server.isUp = true;
  await clock.pass(31_000);
  assert.equal(client.rooms.has(room.id), false);
  const [{ room_name, state, body }] = client.unsent;
  assert.deepEqual([room_name, state, body], ["general", "failed", "too late"]);
  client.discard(clientId);
  assert.deepEqual(client.unsent, []);
});

test("what is unsent is there before the server is, where it is known whose it is, and is sent once", async () => {
  const storage = new MemoryStorage();
  const before = await aClientInARoom({ storage, messages: 0 });
  const { server, room } = before;
  const userId = before.client.me?.id ?? "";
  before.server.last.end(1006);
  before.client.sendMessage(room.id, { body: "kept" });
  before.client.sendMessage(room.id, { body: "thought better of" });
  before.client.disconnect();

  const { client } = aClient({ server, storage, userId });
  assert.deepEqual(
    client.unsent.map(({ body }) => body),
    ["kept", "thought better of"],
  );
  client.discard(client.unsent[1].client_id);
  await client.connect();
  await settled();
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["kept"],
  );
  assert.deepEqual(client.unsent, []);

  const nobody = aClient({ server, storage, userId: "another person" });
  assert.deepEqual(nobody.client.unsent, []);
});
