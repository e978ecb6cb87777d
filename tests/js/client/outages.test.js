/** A server that is there and cannot do what it is asked, as while its database is away. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { aClient, aClientInARoom, bodies, heard, numbers } from "../support/fixtures.js";
import { settled } from "../support/clock.js";

/** @param {number} first @param {number} last */
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** @param {import("../support/server.js").Server} server @param {string} [code] */
function fail(server, code = "server_error") {
  server.refuse = () => ({ code, detail: "The server could not do this." });
}

/** What a promise was rejected with, once it is. @param {Promise<unknown>} promise */
function rejectionOf(promise) {
  /** @type {{error: any}} */
  const rejection = { error: null };
  promise.catch((error) => (rejection.error = error));
  return rejection;
}

for (const seconds of [3, 10, 40, 3_600]) {
  test(`after an outage of ${seconds} s everything is sent, in the order of writing`, async () => {
    const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
    const other = server.open({ name: "other" });
    await settled();
    server.refuse = () => ({ code: "server_error", detail: "The server could not do this." });
    const written = [];
    for (let n = 0; n < 5; n++) {
      for (const { id } of [room, other]) client.sendMessage(id, { body: `${n}` });
      written.push(`${n}`);
      await clock.pass((seconds * 1000) / 5);
    }
    const [first, ...later] = feed.messages;
    assert.equal(first.state, "sending");
    assert.equal(first.error?.code, "server_error");
    assert.ok(later.every(({ state, behind, error }) => state === "sending" && behind && !error));
    assert.equal(client.trouble?.code, "server_error");
    server.refuse = () => null;
    await clock.pass(11_000);
    for (const { messages } of [room, other]) {
      assert.deepEqual(
        messages.map(({ body }) => body),
        written,
      );
    }
    assert.deepEqual(client.unsent, []);
    assert.equal(client.trouble, null);
    const sent = server.commands("message.send").length;
    assert.ok(sent < 30 + seconds, `${sent} commands`);
  });
}

test("what waits can be discarded, and its room goes on at once", async () => {
  const { client, room, server, clock } = await aClientInARoom({ messages: 0 });
  server.refuse = ({ body }) =>
    body === "poison" ? { code: "server_error", detail: "The server failed." } : null;
  const poison = client.sendMessage(room.id, { body: "poison" });
  client.sendMessage(room.id, { body: "fine" });
  await clock.pass(60_000);
  assert.equal(room.messages.length, 0);
  client.discard(poison);
  await settled();
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["fine"],
  );
});

test("what waits is tried at once when the person asks for it", async () => {
  const { client, room, server, clock } = await aClientInARoom({ messages: 0 });
  server.refuse = () => ({ code: "server_error", detail: "The server failed." });
  client.sendMessage(room.id, { body: "now" });
  await clock.pass(60_000);
  server.refuse = () => null;
  client.tryNow();
  await settled();
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["now"],
  );
});

test("a limit on one room's messages does not make all rooms ask at once", async () => {
  const { client, server, clock } = await aClientInARoom({ messages: 0 });
  const rooms = Array.from({ length: 20 }, (_, n) => server.open({ name: `room ${n}` }));
  let allowed = 0;
  server.refuse = ({ type }) =>
    type === "message.send" && allowed-- <= 0 ? { code: "rate_limited", detail: "Wait." } : null;
  for (const { id } of rooms) client.sendMessage(id, { body: "hello" });
  for (let second = 0; second < 40; second++) {
    allowed = 2;
    await clock.pass(1_000);
  }
  assert.deepEqual(
    rooms.map(({ messages }) => messages.length),
    rooms.map(() => 1),
  );
  assert.ok(server.commands("message.send").length < 200);
});

test("a message that the server fails on for a day does not hold up the others for ever", async () => {
  const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
  server.refuse = ({ body }) =>
    body === "poison" ? { code: "server_error", detail: "The server failed." } : null;
  client.sendMessage(room.id, { body: "poison" });
  client.sendMessage(room.id, { body: "fine" });
  await clock.pass(23 * 60 * 60_000);
  assert.equal(room.messages.length, 0);
  await clock.pass(2 * 60 * 60_000);
  assert.deepEqual(
    feed.messages.map(({ body, state }) => [body, state]),
    [
      ["fine", "sent"],
      ["poison", "failed"],
    ],
  );
});

test("days away between two server errors do not make a message fail", async () => {
  const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
  fail(server);
  client.sendMessage(room.id, { body: "on Friday" });
  await clock.pass(3_000);
  server.isUp = false;
  server.last.end(1006);
  await clock.pass(60 * 60 * 60_000);
  server.isUp = true;
  await clock.pass(40_000);
  assert.deepEqual(
    feed.messages.map(({ state }) => state),
    ["sending"],
  );
  server.refuse = () => null;
  await clock.pass(11_000);
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["on Friday"],
  );
});

test("a clock that is set back does not let a message hold up the others for longer", async () => {
  const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
  fail(server);
  client.sendMessage(room.id, { body: "poison" });
  await clock.pass(60_000);
  clock.setWallClock(-5 * 24 * 60 * 60_000);
  await clock.pass(25 * 60 * 60_000);
  assert.deepEqual(
    feed.messages.map(({ state }) => state),
    ["failed"],
  );
});

test("a day of other refusals between two server errors does not make a message fail", async () => {
  const { client, room, feed, server, clock } = await aClientInARoom({ messages: 0 });
  fail(server);
  client.sendMessage(room.id, { body: "hello" });
  await settled();
  fail(server, "rate_limited");
  await clock.pass(25 * 60 * 60_000);
  fail(server);
  await clock.pass(15_000);
  assert.deepEqual(
    feed.messages.map(({ state }) => state),
    ["sending"],
  );
});

for (const code of ["server_error", "rate_limited"]) {
  test(`a room that is opened while the server answers ${code} is there afterwards`, async () => {
    const { client, server, clock } = aClient();
    const room = server.open();
    room.send("grace", "hello");
    await client.connect();
    fail(server, code);
    const feed = client.feed(room.id);
    const opening = feed.open();
    await clock.pass(40_000);
    assert.equal(feed.loading, "jump");
    assert.equal(feed.error?.code, code);
    assert.equal(client.trouble?.code, code);
    const asked = server.commands("history").length;
    assert.ok(asked > 3 && asked < 40, String(asked));
    server.refuse = () => null;
    await clock.pass(11_000);
    await opening;
    assert.deepEqual(bodies(feed), ["hello"]);
    assert.equal(feed.error, null);
    assert.equal(client.trouble, null);
  });
}

test("a reset that meets errors pages again", async () => {
  const { room, feed, server, clock } = await aClientInARoom({ messages: 3 });
  fail(server);
  server.last.say({
    type: "changes",
    room: room.id,
    messages: [],
    position: 3,
    more: false,
    reset: true,
  });
  await clock.pass(20_000);
  assert.equal(feed.loaded, false);
  assert.equal(feed.error?.code, "server_error");
  server.refuse = () => null;
  await clock.pass(11_000);
  assert.deepEqual(bodies(feed), ["message 1", "message 2", "message 3"]);
});

test("what one does not want to see any more is not asked for again and again", async () => {
  const { feed, server, clock } = await aClientInARoom({ messages: 200 });
  fail(server);
  const older = feed.loadOlder();
  await clock.pass(5_000);
  const jump = feed.jumpTo(20);
  await clock.pass(5_000);
  await older;
  const asked = server.commands("history").slice(-1);
  assert.equal(asked[0].before, 51);
  server.refuse = () => null;
  await clock.pass(11_000);
  await jump;
  assert.equal(server.commands("history").filter(({ before }) => before === 151).length < 8, true);
  assert.ok(numbers(feed).includes(20));
});

test("trying now asks at once", async () => {
  const { client, feed, server, clock } = await aClientInARoom({ messages: 120 });
  fail(server);
  const loading = feed.loadOlder();
  await clock.pass(60_000);
  server.refuse = () => null;
  client.tryNow();
  await settled();
  await loading;
  assert.deepEqual(numbers(feed), range(21, 120));
});

test("what was read while the server failed is told when it works again", async () => {
  const { client, room, server, clock } = await aClientInARoom({ messages: 3 });
  server.refuse = () => ({ code: "server_error", detail: "No." });
  client.markRead(room.id, 2);
  await clock.pass(20_000);
  client.markRead(room.id, 3);
  await clock.pass(20_000);
  server.received = [];
  server.refuse = () => null;
  await clock.pass(11_000);
  const told = server.commands("room.read").map(({ number }) => number);
  assert.equal(Math.max(...told), 3);
  assert.ok(told.length <= 2, String(told));
});

test("people whom the server could not describe are asked for again", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.refuse = () => ({ code: "server_error", detail: "No." });
  assert.equal(client.person("grace").display_name, "grace");
  await clock.pass(20_000);
  server.refuse = () => null;
  const told = heard(client, "people");
  await clock.pass(11_000);
  assert.equal(client.person("grace").display_name, "GRACE");
  assert.equal(told.length, 1);
});

test("a read can be taken back while it waits", async () => {
  const { client, room, server, clock } = await aClientInARoom();
  server.refuse = () => ({ code: "server_error", detail: "No." });
  const abort = new AbortController();
  /** @type {string[]} */
  const waits = [];
  const reading = client.read(
    { type: "room.members", room: room.id },
    { signal: abort.signal, onWait: ({ code }) => waits.push(code) },
  );
  const taken = assert.rejects(reading, { code: "aborted" });
  await clock.pass(10_000);
  abort.abort();
  await taken;
  const asked = server.commands("room.members").length;
  assert.equal(waits.length, asked);
  await clock.pass(60_000);
  assert.equal(server.commands("room.members").length, asked);
  assert.equal(client.trouble, null);
});

test("a read can be taken back while there is no connection", async () => {
  const { client, room, server, clock } = await aClientInARoom();
  server.isUp = false;
  server.last.end(1006);
  await settled();
  const abort = new AbortController();
  const { signal } = abort;
  const reading = client.read({ type: "room.members", room: room.id }, { signal });
  const other = client.read({ type: "room.members", room: room.id });
  const taken = rejectionOf(reading);
  await settled();
  abort.abort();
  await settled();
  assert.equal(taken.error?.code, "aborted");
  server.isUp = true;
  await clock.pass(60_000);
  await other;
  assert.equal(server.commands("room.members").length, 1);
});

for (const when of [
  "waits to be asked again",
  "waits for its answer",
  "waits for the connection",
]) {
  test(`disconnecting takes back a read that ${when}`, async () => {
    const { client, room, server, clock } = await aClientInARoom();
    if (when === "waits to be asked again") fail(server);
    if (when === "waits for its answer") server.last.holds = (type) => type === "reply";
    if (when === "waits for the connection") {
      server.isUp = false;
      server.last.end(1006);
    }
    await settled();
    const taken = rejectionOf(client.read({ type: "room.members", room: room.id }));
    await clock.pass(100);
    client.disconnect();
    await settled();
    assert.equal(taken.error?.code, "aborted");
  });
}
