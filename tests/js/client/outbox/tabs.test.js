/** Tabs of one person that share a storage. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom, bodies } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { MemoryStorage } from "../../support/storage.js";

test("two tabs neither lose nor double what both write", async () => {
  const storage = new MemoryStorage();
  const first = await aClientInARoom({ storage, messages: 0 });
  const { server, clock, room } = first;
  const second = await aClientInARoom({ storage, server, clock, messages: 0 });
  server.isUp = false;
  for (const connection of [...server.connections]) connection.end(1006);
  await settled();
  first.client.sendMessage(room.id, { body: "from the first" });
  second.client.sendMessage(room.id, { body: "from the second" });
  assert.equal(storage.length, 2);
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(room.messages.map(({ body }) => body).sort(), [
    "from the first",
    "from the second",
  ]);
  assert.equal(storage.length, 0);
  for (const { client, feed } of [first, second]) {
    assert.equal(feed.messages.length, 2);
    assert.deepEqual(client.unsent, []);
  }
});

/** A tab that went with a message unsent, and the open one that was told so by the storage. */
async function aClosedTabBesideAnOpenOne() {
  const storage = new MemoryStorage();
  const events = new EventTarget();
  const open = await aClientInARoom({ storage, events, messages: 0 });
  const { server, clock, room } = open;
  const closing = await aClientInARoom({ storage, server, clock, messages: 0 });
  closing.client.disconnect();
  closing.client.sendMessage(room.id, { body: "left behind" });
  events.dispatchEvent(Object.assign(new Event("storage"), { key: storage.key(0) }));
  return { open, server, clock, room, storage };
}

test("what a closed tab left unsent is sent by the one that is open", async () => {
  const { open, clock, room, storage } = await aClosedTabBesideAnOpenOne();
  await settled();
  assert.deepEqual(bodies(open.feed), ["left behind"]);
  assert.equal(room.messages.length, 0);
  await clock.pass(3_000);
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["left behind"],
  );
  assert.equal(storage.length, 0);
});

test("a message that another tab has sent is not sent by this one", async () => {
  const storage = new MemoryStorage();
  const events = new EventTarget();
  const { client, room, server, clock } = await aClientInARoom({ storage, events, messages: 0 });
  server.isUp = false;
  server.last.end(1006);
  await settled();
  client.sendMessage(room.id, { body: "sent elsewhere" });
  const key = /** @type {string} */ (storage.key(0));
  storage.removeItem(key);
  events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(client.unsent, []);
  assert.equal(server.commands("message.send").length, 0);
});

test("a message that another tab discarded is not brought back by its refusal", async () => {
  const storage = new MemoryStorage();
  const { client, room, server } = await aClientInARoom({ storage, messages: 0 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "forbidden", detail: "No." } : null;
  server.last.holds = (type) => type === "error";
  client.sendMessage(room.id, { body: "never mind" });
  await settled();
  storage.removeItem(/** @type {string} */ (storage.key(0)));
  server.last.release();
  await settled();
  assert.deepEqual(client.unsent, []);
  assert.equal(storage.length, 0);
});

test("a new connection sends what other tabs wrote, too", async () => {
  const { open, server, clock, room } = await aClosedTabBesideAnOpenOne();
  server.last.end(1006);
  await clock.pass(1_000);
  assert.deepEqual(bodies(open.feed), ["left behind"]);
  assert.equal(room.messages.length, 1);
});

/** Two tabs of one person over one storage, each told what the other writes there. */
async function twoTabs() {
  const storage = new MemoryStorage();
  const [hereEvents, thereEvents] = [new EventTarget(), new EventTarget()];
  const here = await aClientInARoom({ storage, events: hereEvents, messages: 0 });
  const { server, clock, room } = here;
  const there = await aClientInARoom({ storage, events: thereEvents, server, clock, messages: 0 });
  /** @param {EventTarget} events @param {string | null} key */
  const tell = (events, key) => events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  return { storage, here, there, server, clock, room, tell, hereEvents, thereEvents };
}

test("a message that another tab discarded while this one was disconnected stays so", async () => {
  const { storage, here, there, clock, room, tell, thereEvents } = await twoTabs();
  here.client.disconnect();
  const sending = here.client.send({ type: "message.send", room: room.id, body: "never mind" });
  const refused = assert.rejects(sending, { code: "aborted" });
  tell(thereEvents, storage.key(0));
  there.client.discard(there.client.unsent[0].client_id);
  await here.client.connect();
  await clock.pass(60_000);
  assert.deepEqual(room.messages, []);
  assert.deepEqual(here.client.unsent, []);
  await refused;
});

test("a message that another tab discarded without a word is not sent after a lost connection", async () => {
  const { storage, here, there, server, clock, room, tell, thereEvents } = await twoTabs();
  await cut(server);
  here.client.sendMessage(room.id, { body: "never mind" });
  tell(thereEvents, storage.key(0));
  there.client.discard(there.client.unsent[0].client_id);
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(room.messages, []);
  assert.deepEqual(here.client.unsent, []);
});

test("a reply to a lost message is sent without its quote when two tabs send it at once", async () => {
  const { storage, here, server, clock, room, tell, hereEvents, thereEvents } = await twoTabs();
  await cut(server);
  const replyTo = crypto.randomUUID();
  here.client.sendMessage(room.id, { body: "a reply", replyTo });
  const key = storage.key(0);
  tell(thereEvents, key);
  server.refuse = ({ type, reply_to }, connection) => {
    if (type !== "message.send") return null;
    if (!reply_to) return { code: "server_error", detail: "The server failed." };
    connection.holds = (type) => type === "error";
    return { code: "not_found", detail: "The message that this replies to was not found." };
  };
  server.isUp = true;
  await clock.pass(20_000);
  const sent = server.commands("message.send").map(({ reply_to }) => reply_to);
  assert.deepEqual(sent, [replyTo, replyTo]);
  for (const connection of server.connections) {
    connection.release();
    await settled();
    for (const events of [hereEvents, thereEvents]) tell(events, key);
  }
  assert.deepEqual(
    here.client.unsent.map(({ state }) => state),
    ["sending"],
  );
  server.refuse = () => null;
  await clock.pass(11_000);
  assert.deepEqual(
    room.messages.map(({ body, reply_to }) => [body, reply_to]),
    [["a reply", null]],
  );
  assert.equal(storage.length, 0);
});

/** @param {import("../../support/server.js").Server} server */
async function cut(server) {
  server.isUp = false;
  for (const connection of [...server.connections]) connection.end(1006);
  await settled();
}

test("a message for which the storage had no room stays when another tab writes one that fits", async () => {
  const { storage, here, there, server, clock, room, tell, hereEvents } = await twoTabs();
  await cut(server);
  storage.limit = 1_000;
  here.client.sendMessage(room.id, { body: "long ".repeat(400) });
  assert.equal(storage.length, 0);
  there.client.sendMessage(room.id, { body: "short" });
  assert.equal(storage.length, 1);
  tell(hereEvents, storage.key(0));
  assert.deepEqual(
    here.client.unsent.map(({ body }) => body.slice(0, 5)),
    ["long ", "short"],
  );
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(room.messages.map(({ body }) => body.slice(0, 5)).sort(), ["long ", "short"]);
});

test("a message for which the storage had no room is stored when there is some", async () => {
  const { storage, here, there, server, room, tell, hereEvents } = await twoTabs();
  await cut(server);
  const other = there.client.sendMessage(room.id, { body: "o".repeat(300) });
  const [key] = [storage.key(0)];
  storage.limit = 1_000;
  tell(hereEvents, key);
  here.client.sendMessage(room.id, { body: "m".repeat(300) });
  assert.equal(storage.length, 1);
  there.client.discard(other);
  assert.equal(storage.length, 0);
  tell(hereEvents, key);
  assert.equal(storage.length, 1);
  assert.deepEqual(
    here.client.unsent.map(({ body }) => body[0]),
    ["m"],
  );
});

test("a message that another tab discarded stays so where its last state found no room", async () => {
  const { storage, here, there, server, clock, room, tell, hereEvents, thereEvents } =
    await twoTabs();
  server.refuse = ({ type }) =>
    type === "message.send"
      ? { code: "server_error", detail: "The server failed. ".repeat(20) }
      : null;
  const clientId = here.client.sendMessage(room.id, { body: "never mind" });
  const key = /** @type {string} */ (storage.key(0));
  storage.limit = Number(storage.getItem(key)?.length) + 60;
  tell(thereEvents, key);
  await clock.pass(1_000);
  assert.equal(here.client.unsent[0].error?.code, "server_error");
  assert.equal(JSON.parse(storage.getItem(key) ?? "").error, null);
  there.client.discard(clientId);
  tell(hereEvents, key);
  assert.deepEqual(here.client.unsent, []);
  assert.equal(storage.length, 0);
  server.refuse = () => null;
  await clock.pass(60_000);
  assert.deepEqual(room.messages, []);
});

test("the last state of a message that found no room is stored when there is some", async () => {
  const storage = new MemoryStorage();
  const events = new EventTarget();
  const { client, server, room } = await aClientInARoom({ storage, events, messages: 0 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "forbidden", detail: "No. ".repeat(40) } : null;
  client.sendMessage(room.id, { body: "hello" });
  const key = /** @type {string} */ (storage.key(0));
  storage.limit = Number(storage.getItem(key)?.length) + 60;
  await settled();
  events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  assert.deepEqual(
    client.unsent.map(({ state }) => state),
    ["failed"],
  );
  assert.equal(JSON.parse(storage.getItem(key) ?? "").state, "sending");
  storage.limit = Infinity;
  events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  assert.equal(JSON.parse(storage.getItem(key) ?? "").state, "failed");
});

test("sending resolves also when another tab's outbox had the message acknowledged", async () => {
  const { storage, here, there, server, clock, room, tell, hereEvents, thereEvents } =
    await twoTabs();
  const [connection] = server.connections;
  connection.isDeaf = true;
  connection.holds = (type) => type === "reply";
  const sending = here.client.send({ type: "message.send", room: room.id, body: "hello" });
  const key = storage.key(0);
  tell(thereEvents, key);
  await clock.pass(29_000);
  // The other tab sends what this one does not get acknowledged, and takes it from the storage.
  const last = /** @type {import("../../support/server-connection.js").Connection} */ (
    server.connections.at(-1)
  );
  last.end(1006);
  await clock.pass(1_000);
  assert.equal(storage.length, 0);
  assert.deepEqual(there.client.unsent, []);
  tell(hereEvents, key);
  connection.isDeaf = false;
  connection.end(1006);
  await clock.pass(5_000);
  const { message } = await sending;
  assert.equal(message.body, "hello");
  assert.deepEqual(here.client.unsent, []);
});

test("sending resolves also when this tab was away while another sent the message", async () => {
  const { storage, here, server, clock, room, tell, hereEvents, thereEvents } = await twoTabs();
  const [connection] = server.connections;
  connection.isDeaf = true;
  connection.holds = (type) => type === "reply";
  const sending = here.client.send({ type: "message.send", room: room.id, body: "hello" });
  /** @type {string[]} */
  const ends = [];
  sending.then(
    () => ends.push("stored"),
    ({ code }) => ends.push(code),
  );
  const key = storage.key(0);
  tell(thereEvents, key);
  await clock.pass(29_000);
  const last = /** @type {import("../../support/server-connection.js").Connection} */ (
    server.connections.at(-1)
  );
  last.end(1006);
  await clock.pass(1_000);
  assert.equal(storage.length, 0);
  await cut(server);
  tell(hereEvents, key);
  await clock.pass(120_000);
  assert.deepEqual(ends, []);
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(ends, ["stored"]);
});

test("sending rejects when another tab discarded the message", async () => {
  const { storage, here, there, server, clock, room, tell, hereEvents, thereEvents } =
    await twoTabs();
  await cut(server);
  const sending = here.client.send({ type: "message.send", room: room.id, body: "never mind" });
  const refused = assert.rejects(sending, { code: "aborted" });
  const key = storage.key(0);
  tell(thereEvents, key);
  there.client.discard(there.client.unsent[0].client_id);
  tell(hereEvents, key);
  server.isUp = true;
  await clock.pass(60_000);
  await refused;
  assert.equal(room.messages.length, 0);
});
