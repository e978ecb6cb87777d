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

test("a refused message is shown as failed with the reason, and the next one goes on", async () => {
  const { client, room, feed, server } = await aClientInARoom({ messages: 0 });
  server.refuse = ({ body }) =>
    body === "no" ? { code: "forbidden", detail: "This room has been closed." } : null;
  client.sendMessage(room.id, { body: "no" });
  client.sendMessage(room.id, { body: "yes" });
  await settled();
  const [sent, failed] = feed.messages;
  assert.equal(sent.body, "yes");
  assert.equal(failed.state, "failed");
  assert.deepEqual(failed.error, { code: "forbidden", detail: "This room has been closed." });
});

test("a failed message can be retried", async () => {
  const storage = new MemoryStorage();
  const { client, room, feed, server } = await aClientInARoom({ storage, messages: 0 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "not_found", detail: "There is no such room." } : null;
  const clientId = client.sendMessage(room.id, { body: "again" });
  await settled();
  assert.equal(feed.messages[0].state, "failed");
  server.refuse = () => null;
  client.retry(clientId);
  assert.equal(feed.messages[0].state, "sending");
  await settled();
  assert.deepEqual(
    room.messages.map(({ client_id }) => client_id),
    [clientId],
  );
  assert.equal(storage.length, 0);
});

test("a failed message stays failed over a reload", async () => {
  const storage = new MemoryStorage();
  const { client, room, server, clock } = await aClientInARoom({ storage, messages: 0 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "forbidden", detail: "No." } : null;
  client.sendMessage(room.id, { body: "no" });
  await settled();
  client.disconnect();
  const reloaded = await aClientInARoom({ storage, server, clock, messages: 0 });
  assert.deepEqual(
    reloaded.feed.messages.map(({ state }) => state),
    ["failed"],
  );
  assert.equal(server.commands("message.send").length, 1);
});

test("a failed message can be discarded", async () => {
  const storage = new MemoryStorage();
  const { client, room, feed, server } = await aClientInARoom({ storage, messages: 0 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "bad_request", detail: "No." } : null;
  const clientId = client.sendMessage(room.id, { body: "never mind" });
  await settled();
  client.discard(clientId);
  assert.deepEqual(feed.messages, []);
  assert.equal(storage.length, 0);
});

for (const code of ["rate_limited", "server_error"]) {
  test(`a message met by ${code} is sent again after a while`, async () => {
    const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
    let refusals = 2;
    server.refuse = ({ type }) =>
      type === "message.send" && refusals-- > 0 ? { code, detail: "Wait." } : null;
    client.sendMessage(room.id, { body: "patience" });
    client.sendMessage(room.id, { body: "comes second" });
    await settled();
    assert.equal(room.messages.length, 0);
    assert.deepEqual(
      feed.messages.map(({ state }) => state),
      ["sending", "sending"],
    );
    await clock.pass(5_000);
    assert.deepEqual(bodies(feed), ["patience", "comes second"]);
  });
}

test("a message without an answer is sent again on the same connection", async () => {
  const { client, room, server, clock } = await aClientInARoom({ messages: 0 });
  server.last.holds = (type) => type === "reply" || type === "message";
  client.sendMessage(room.id, { body: "hello?" });
  await settled();
  server.last.holds = () => false;
  await clock.pass(31_000);
  assert.deepEqual(client.unsent, []);
  assert.equal(room.messages.length, 1);
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

test("sending the command itself rejects when the message is refused", async () => {
  const { client, room, server } = await aClientInARoom({ messages: 0 });
  server.refuse = () => ({ code: "forbidden", detail: "No." });
  await assert.rejects(client.send({ type: "message.send", room: room.id, body: "x" }), {
    code: "forbidden",
    detail: "No.",
  });
});

test("too long a message fails without ending the connection", async () => {
  const { client, room, feed, server } = await aClientInARoom({ messages: 0 });
  client.sendMessage(room.id, { body: "💥".repeat(20_000) });
  await settled();
  assert.equal(feed.messages[0].error?.code, "too_large");
  assert.equal(server.commands("message.send").length, 0);
  assert.equal(client.state, "online");
});

test("an answer shows what it quotes while it is on its way", async () => {
  const { client, room, feed } = await aClientInARoom({ messages: 1 });
  client.sendMessage(room.id, { body: "answer", replyTo: feed.messages[0] });
  assert.equal(feed.messages[1].quote?.body, "message 1");
  assert.equal(feed.messages[1].reply_to, room.at(1).id);
  await settled();
  assert.equal(feed.messages[1].quote?.body, "message 1");
});

test("an answer that is refused also without its quote keeps it", async () => {
  const { client, room, feed, server } = await aClientInARoom({ messages: 1 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "not_found", detail: "An attachment is not there." } : null;
  const clientId = client.sendMessage(room.id, { body: "answer", replyTo: feed.messages[0] });
  await settled();
  assert.deepEqual(
    server.commands("message.send").map(({ reply_to }) => reply_to),
    [room.at(1).id, null],
  );
  assert.equal(feed.messages[1].state, "failed");
  assert.equal(feed.messages[1].error?.code, "not_found");
  assert.equal(feed.messages[1].quote?.body, "message 1");
  server.refuse = () => null;
  client.retry(clientId);
  await settled();
  assert.equal(room.at(2).reply_to, room.at(1).id);
});

test("an answer that is tried without its quote and refused after a reload keeps it", async () => {
  const storage = new MemoryStorage();
  const { client, room, feed, server, clock } = await aClientInARoom({ storage, messages: 1 });
  server.refuse = ({ type, reply_to }) => {
    if (type !== "message.send") return null;
    return { code: reply_to ? "not_found" : "server_error", detail: "No." };
  };
  client.sendMessage(room.id, { body: "answer", replyTo: feed.messages[0] });
  await clock.pass(1_000);
  client.disconnect();
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "not_found", detail: "No." } : null;
  const reloaded = await aClientInARoom({ storage, server, clock, messages: 0 });
  const [{ state, reply_to, quote }] = reloaded.client.unsent;
  assert.deepEqual([state, reply_to, quote?.body], ["failed", room.at(1).id, "message 1"]);
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

test("an older server gets shared lines without what it does not know, and the words about them", async () => {
  const lines = {
    language: "python",
    repository: "",
    branch: "main",
    path: "a.py",
    start_line: 3,
    end_line: 4,
    text: "a\nb",
  };
  const commit = "a".repeat(40);
  const later = { blob: "b".repeat(40), before: "above" };
  const { client, room, server } = await aClientInARoom({ messages: 0 });
  // As its version before these fields answers.
  const unknownIn = (/** @type {object} */ code) =>
    Object.keys(code).find((field) => ["dirty", "blob", "before", "after"].includes(field));
  server.refuse = ({ code }) => {
    const unknown = unknownIn(code ?? {});
    return unknown
      ? { code: "bad_request", detail: `code.${unknown}: Extra inputs are not permitted` }
      : null;
  };
  const share = (/** @type {object} */ code) =>
    client.send({
      type: "message.send",
      room: room.id,
      client_id: crypto.randomUUID(),
      body: "Look",
      code: /** @type {any} */ (code),
    });
  const committed = { ...lines, commit };
  await Promise.all([
    share({ ...committed, dirty: false, ...later }),
    // No commit has these.
    share({ ...committed, dirty: true, ...later }),
    share({ ...committed, after: "below" }),
  ]);
  const sent = server.commands("message.send");
  assert.deepEqual(
    sent.map(({ code }) => code).filter((code) => !unknownIn(code)),
    [committed, { ...lines, commit: "" }, committed],
  );
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["Look", "Look", "Look"],
  );
  assert.deepEqual(client.unsent, []);
});

test("lines that are wrong otherwise are refused, and not tried again", async () => {
  const { client, room, server } = await aClientInARoom({ messages: 0 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "bad_request", detail: "code.path: Value error" } : null;
  const code = /** @type {any} */ ({
    path: "/etc",
    start_line: 1,
    end_line: 1,
    text: "a",
    dirty: true,
  });
  await assert.rejects(
    client.send({
      type: "message.send",
      room: room.id,
      client_id: crypto.randomUUID(),
      body: "",
      code,
    }),
    { code: "bad_request" },
  );
  assert.equal(server.commands("message.send").length, 1);
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
