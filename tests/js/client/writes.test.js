/** Commands that change something, sent to a server that does not answer. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom, bodies } from "../support/fixtures.js";
import { settled } from "../support/clock.js";

/** How a promise ends, once it has. @param {Promise<any>} promise */
function endOf(promise) {
  const end = { reply: /** @type {any} */ (null), error: /** @type {any} */ (null) };
  promise.then(
    (reply) => (end.reply = reply),
    (error) => (end.error = error),
  );
  return end;
}

/** @param {import("../support/server.js").Server} server @param {string} code */
const fail = (server, code) => (server.refuse = () => ({ code, detail: "No." }));

test("an edit whose answer is lost with the connection is sent again", async () => {
  const { client, server, clock, feed } = await aClientInARoom({ messages: 1 });
  const [{ id }] = feed.messages;
  server.last.holds = () => true;
  const end = endOf(client.send({ type: "message.edit", message: id, body: "edited" }));
  await settled();
  server.last.end(1006);
  await clock.pass(5_000);
  assert.equal(end.reply?.message.body, "edited");
  assert.equal(server.commands("message.edit").length, 2);
  assert.deepEqual(bodies(feed), ["edited"]);
});

test("an edit that times out is sent again, and the connection is replaced", async () => {
  const { client, server, clock, feed } = await aClientInARoom({ messages: 1 });
  server.last.isDead = true;
  const end = endOf(
    client.send({ type: "message.edit", message: feed.messages[0].id, body: "edited" }),
  );
  await clock.pass(60_000);
  assert.equal(end.reply?.message.body, "edited");
  assert.equal(server.attempts, 2);
});

for (const command of [
  { type: "message.edit", body: "edited" },
  { type: "message.delete" },
  { type: "message.react", emoji: "👍", on: true },
  { type: "message.report", reason: "spam" },
  { type: "room.put_away", on: true },
  { type: "room.rename", name: "new" },
  { type: "room.add", members: ["linus"] },
  { type: "room.role", member: "grace", role: "owner" },
  { type: "room.join" },
  { type: "person.block", username: "grace", on: true },
  { type: "user.update", display_name: "Ada" },
  { type: "room.open", kind: "direct", members: ["grace"] },
]) {
  test(`${command.type} is done after forty seconds in which the server fails`, async () => {
    const { client, server, clock, room, feed } = await aClientInARoom({ messages: 1 });
    const about = { message: feed.messages[0].id, room: room.id };
    fail(server, "server_error");
    /** @type {string[]} */
    const waits = [];
    const options = { onWait: (/** @type {any} */ { code }) => waits.push(code) };
    const end = endOf(client.send(/** @type {any} */ ({ ...about, ...command }), options));
    await clock.pass(40_000);
    assert.deepEqual(end, { reply: null, error: null });
    assert.equal(client.trouble?.code, "server_error");
    assert.ok(waits.length > 2 && waits.every((code) => code === "server_error"), String(waits));
    server.refuse = () => null;
    await clock.pass(11_000);
    assert.ok(end.reply);
    assert.equal(client.trouble, null);
  });
}

for (const command of [
  { type: "room.open", kind: "private", name: "new", members: ["grace"] },
  { type: "room.leave" },
  { type: "room.remove", member: "grace" },
  { type: "room.accept" },
  { type: "room.refuse" },
]) {
  test(`${command.type}, which may not be done twice, says at once that nobody knows`, async () => {
    const { client, server, clock, room } = await aClientInARoom();
    server.last.holds = () => true;
    const end = endOf(client.send(/** @type {any} */ ({ room: room.id, ...command })));
    await settled();
    server.last.end(1006);
    await settled();
    assert.equal(end.error?.code, "network");
    assert.match(end.error.detail, /See whether it was done, and try again if not\./);
    await clock.pass(60_000);
    assert.equal(server.commands(command.type).length, 1);
  });
}

for (const outage of ["failing", "unreached"]) {
  test(`what has no answer for two minutes ends, and is not done later (${outage})`, async () => {
    const { client, server, clock, feed } = await aClientInARoom({ messages: 1 });
    if (outage === "failing") fail(server, "server_error");
    else server.last.holds = () => true;
    const end = endOf(client.send({ type: "message.delete", message: feed.messages[0].id }));
    await settled();
    if (outage === "unreached") {
      server.isUp = false;
      server.last.end(1006);
    }
    await clock.pass(119_000);
    assert.equal(String(end.error), "null");
    await clock.pass(2_000);
    assert.equal(end.error?.code, outage === "failing" ? "server_error" : "network");
    const sent = server.commands("message.delete").length;
    server.refuse = () => null;
    server.isUp = true;
    await clock.pass(60_000);
    assert.equal(server.commands("message.delete").length, sent);
    assert.equal(client.trouble, null);
  });
}

for (const standsStill of [true, false]) {
  const how = standsStill ? "stands still" : "goes on";
  test(`after a sleep, in which the monotonic clock ${how}, what was asked before it is not done`, async () => {
    const { client, server, clock, feed } = await aClientInARoom({ messages: 1 });
    server.last.holds = () => true;
    const end = endOf(
      client.send({ type: "message.edit", message: feed.messages[0].id, body: "edited" }),
    );
    await settled();
    server.isUp = false;
    server.last.end(1006);
    await clock.pass(10_000);
    clock.sleep(8 * 60 * 60_000, { standsStill });
    server.isUp = true;
    await clock.pass(60_000);
    assert.equal(end.error?.code, "network");
    assert.equal(server.commands("message.edit").length, 1);
  });
}

test("what is asked without a connection is refused at once, and not done later", async () => {
  const { client, server, clock, feed } = await aClientInARoom({ messages: 1 });
  server.last.end(1006);
  await settled();
  const sending = client.send({ type: "message.delete", message: feed.messages[0].id });
  await assert.rejects(sending, { code: "network", message: /You are not connected/ });
  await clock.pass(60_000);
  assert.equal(server.commands("message.delete").length, 0);
});

test("of two edits of a message the older is not sent again after the newer", async () => {
  const { client, server, clock, room, feed } = await aClientInARoom({ messages: 2 });
  const [{ id }, other] = feed.messages;
  fail(server, "server_error");
  const older = endOf(client.send({ type: "message.edit", message: id, body: "older" }));
  const of = endOf(client.send({ type: "message.edit", message: other.id, body: "of another" }));
  await clock.pass(1_000);
  server.refuse = () => null;
  await client.send({ type: "message.edit", message: id, body: "newer" });
  await clock.pass(60_000);
  assert.equal(older.error?.code, "aborted");
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["newer", "of another"],
  );
  assert.ok(of.reply);
});

test("what waits can be taken back, by its caller or by disconnecting", async () => {
  const { client, server, clock, feed } = await aClientInARoom({ messages: 2 });
  fail(server, "server_error");
  const abort = new AbortController();
  const [first, second] = feed.messages.map(({ id }) =>
    endOf(client.send({ type: "message.delete", message: id }, { signal: abort.signal })),
  );
  await clock.pass(1_000);
  abort.abort();
  await settled();
  assert.deepEqual([first.error?.code, second.error?.code], ["aborted", "aborted"]);
  const third = endOf(client.send({ type: "message.delete", message: feed.messages[0].id }));
  await clock.pass(1_000);
  client.disconnect();
  await settled();
  assert.equal(third.error?.code, "aborted");
});

for (const code of ["forbidden", "conflict", "rate_limited", "too_large"]) {
  test(`an edit that is refused with ${code} is not sent again`, async () => {
    const { client, server, clock, feed } = await aClientInARoom({ messages: 1 });
    fail(server, code);
    const end = endOf(
      client.send({ type: "message.edit", message: feed.messages[0].id, body: "edited" }),
    );
    await clock.pass(60_000);
    assert.equal(end.error?.code, code);
    assert.equal(server.commands("message.edit").length, 1);
  });
}
