import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom, bodies } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { MemoryStorage } from "../../support/storage.js";

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
