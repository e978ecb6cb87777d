/** Tabs of one browser that send from one outbox, each told what the others write there. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom, bodies } from "../../support/fixtures.js";
import { Clock, settled } from "../../support/clock.js";
import { SharedStorage } from "../../support/storage.js";

/** Two tabs of one person, with the same room open. */
async function twoTabs() {
  const shared = new SharedStorage();
  const here = await aClientInARoom({ ...shared.tab(), messages: 0 });
  const { server, clock, room } = here;
  const there = await aClientInARoom({ ...shared.tab(), server, clock, messages: 0 });
  const [ours, theirs] = server.connections;
  return { shared, here, there, server, clock, room, ours, theirs };
}

/** Only one of several connections is cut. @param {import("../../support/server-connection.js").Connection} connection */
async function cutOff(connection) {
  const { server } = connection;
  server.isUp = false;
  connection.end(1006);
  await settled();
}

/** @param {import("../../support/server.js").Server} server */
function fail(server) {
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "server_error", detail: "The server failed." } : null;
}

/** @param {{messages: {body: string}[]}} room */
const stored = ({ messages }) => messages.map(({ body }) => body);

/** @param {import("../../../../static/chat/client/message-log/feed.js").Feed} feed */
const states = (feed) =>
  feed.messages.map(({ body, state, elsewhere }) => [body, elsewhere ? "elsewhere" : state]);

for (const pause of [500, 2_000, 4_000, 7_000, 12_000, 20_000, 50_000]) {
  test(`what a tab writes follows what another wrote ${pause / 1000} s before in an outage`, async () => {
    const { here, there, server, clock, room } = await twoTabs();
    fail(server);
    here.client.sendMessage(room.id, { body: "first" });
    await clock.pass(pause);
    there.client.sendMessage(room.id, { body: "second" });
    await clock.pass(3_500);
    server.refuse = () => null;
    await clock.pass(11_000);
    assert.deepEqual(stored(room), ["first", "second"]);
    for (const { client, feed } of [here, there]) {
      assert.deepEqual(states(feed), [
        ["first", "sent"],
        ["second", "sent"],
      ]);
      assert.deepEqual(client.unsent, []);
    }
  });
}

test("a message says that it follows the one above where it waits for it, in both tabs", async () => {
  const { here, there, server, clock, room } = await twoTabs();
  fail(server);
  here.client.sendMessage(room.id, { body: "first" });
  await clock.pass(2_000);
  there.client.sendMessage(room.id, { body: "second" });
  await clock.pass(20_000);
  for (const { feed } of [here, there]) {
    assert.deepEqual(
      feed.messages.map(({ behind }) => behind),
      [false, true],
    );
  }
  const sent = new Set(server.commands("message.send").map(({ body }) => body));
  assert.deepEqual([...sent], ["first"]);
});

test("a room does not wait longer than some seconds for a tab that is frozen", async () => {
  const { here, there, clock, room, ours } = await twoTabs();
  ours.isDead = true;
  here.client.sendMessage(room.id, { body: "first" });
  await settled();
  there.client.sendMessage(room.id, { body: "second" });
  await settled();
  assert.deepEqual(stored(room), []);
  await clock.pass(3_000);
  assert.deepEqual(stored(room), ["first", "second"]);
});

test("a tab sends nothing of another's that the server takes at once", async () => {
  const { here, there, server, clock, room } = await twoTabs();
  for (let n = 0; n < 4; n++) {
    [here, there][n % 2].client.sendMessage(room.id, { body: String(n) });
    await clock.pass(1_000);
  }
  await clock.pass(60_000);
  assert.deepEqual(stored(room), ["0", "1", "2", "3"]);
  assert.equal(server.commands("message.send").length, 4);
});

test("a failed message that is retried goes before what waits to be tried again", async () => {
  const { client, room, server, clock } = await aClientInARoom({ messages: 0 });
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "forbidden", detail: "No." } : null;
  const first = client.sendMessage(room.id, { body: "first" });
  await settled();
  fail(server);
  client.sendMessage(room.id, { body: "second" });
  await clock.pass(20_000);
  client.retry(first);
  await clock.pass(5_000);
  assert.deepEqual(
    client.unsent.map(({ error }) => error?.code),
    ["server_error", "server_error"],
  );
  server.refuse = () => null;
  await clock.pass(11_000);
  assert.deepEqual(stored(room), ["first", "second"]);
});

test("what one tab cannot send another sends in seconds, and it vanishes from neither", async () => {
  const { here, there, server, clock, room, ours } = await twoTabs();
  await cutOff(ours);
  here.client.sendMessage(room.id, { body: "written without a connection" });
  await clock.pass(1_000);
  assert.equal(states(there.feed)[0][1], "sending");
  await clock.pass(3_000);
  assert.deepEqual(stored(room), ["written without a connection"]);
  assert.deepEqual(states(there.feed), [["written without a connection", "sent"]]);
  // For an hour, should it be away for so long.
  await clock.pass(60 * 60_000);
  assert.deepEqual(states(here.feed), [["written without a connection", "elsewhere"]]);
  assert.deepEqual(here.client.unsent, []);
  server.isUp = true;
  await clock.pass(31_000);
  assert.deepEqual(states(here.feed), [["written without a connection", "sent"]]);
  assert.equal(server.commands("message.send").length, 1);
});

test("what another tab has sent stays where it was until it comes, however long it takes", async () => {
  const { here, there, server, clock, room, ours } = await twoTabs();
  ours.isDeaf = true;
  ours.holds = (type) => type === "reply";
  here.client.sendMessage(room.id, { body: "hello" });
  await clock.pass(4_000);
  assert.deepEqual(states(there.feed), [["hello", "sent"]]);
  assert.deepEqual(states(here.feed), [["hello", "elsewhere"]]);
  // Now the server cannot say what was missed.
  ours.end(1006);
  server.refuse = ({ type }) => (type === "sync" ? { code: "server_error", detail: "No." } : null);
  await clock.pass(120_000);
  assert.deepEqual(states(here.feed), [["hello", "elsewhere"]]);
  server.refuse = () => null;
  await clock.pass(11_000);
  assert.deepEqual(states(here.feed), [["hello", "sent"]]);
});

test("a message shows once where the server tells of it before the storage does", async () => {
  const shared = new SharedStorage();
  const here = await aClientInARoom({ ...shared.tab(), messages: 0 });
  const { server, room } = here;
  const { storage } = shared.tab();
  const events = new EventTarget();
  const there = await aClientInARoom({ storage, events, server, clock: here.clock, messages: 0 });
  server.connections[0].holds = (type) => type === "reply" || type === "message";
  here.client.sendMessage(room.id, { body: "hello" });
  await settled();
  const key = shared.key(0);
  events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  assert.deepEqual(states(there.feed), [["hello", "sent"]]);
  server.connections[0].release();
  await settled();
  assert.equal(shared.length, 0);
  events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  assert.deepEqual(states(there.feed), [["hello", "sent"]]);
});

test("a message whose files another tab uploads again is left to that tab", async () => {
  const { here, there, server, clock, room } = await twoTabs();
  const file = await here.client.upload(new File(["picture"], "picture.png"));
  server.uploads.clear();
  server.beforeUpload = () =>
    new Promise((resolve) => void clock.setTimer(() => resolve(null), 20_000));
  here.client.sendMessage(room.id, { body: "first", attachments: [file] });
  await settled();
  there.client.sendMessage(room.id, { body: "second" });
  await clock.pass(19_000);
  assert.deepEqual(
    there.client.unsent.map(({ state }) => state),
    ["sending", "sending"],
  );
  await clock.pass(5_000);
  assert.deepEqual(stored(room), ["first", "second"]);
});

test("a message that another tab discarded goes at once, also without a connection", async () => {
  const { shared, here, there, server, clock, room } = await twoTabs();
  server.isUp = false;
  for (const connection of [...server.connections]) connection.end(1006);
  await settled();
  const sending = here.client.send({ type: "message.send", room: room.id, body: "never mind" });
  const refused = assert.rejects(sending, { code: "aborted" });
  await settled();
  there.client.discard(there.client.unsent[0].client_id);
  await settled();
  assert.deepEqual(bodies(here.feed), []);
  await refused;
  assert.equal(shared.length, 0);
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(stored(room), []);
});

test("what a tab missed the discarding of is not shown for ever", async () => {
  const shared = new SharedStorage();
  const here = await aClientInARoom({ ...shared.tab(), messages: 0 });
  const { server, clock, room } = here;
  await cutOff(server.last);
  here.client.sendMessage(room.id, { body: "never mind" });
  // As in a page that was frozen meanwhile: nothing tells it.
  shared.removeItem(/** @type {string} */ (shared.key(0)));
  server.isUp = true;
  await clock.pass(5_000);
  assert.deepEqual(states(here.feed), [["never mind", "elsewhere"]]);
  await clock.pass(60_000);
  assert.deepEqual(states(here.feed), []);
  assert.equal(server.commands("message.send").length, 0);
});

test("the order of writing holds where the clock is set back, in all tabs", async () => {
  const shared = new SharedStorage();
  const open = await aClientInARoom({ ...shared.tab(), messages: 0 });
  const { server, room, clock } = open;
  fail(server);
  for (const body of ["first", "second"]) open.client.sendMessage(room.id, { body });
  await clock.pass(5_000);
  // A page that is loaded now, two minutes before.
  const back = new Clock();
  const before = clock.now() - 120_000;
  back.now = () => before;
  const loaded = await aClientInARoom({ ...shared.tab(), server, clock: back, messages: 0 });
  loaded.client.sendMessage(room.id, { body: "third" });
  await settled();
  open.client.sendMessage(room.id, { body: "fourth" });
  await settled();
  loaded.client.sendMessage(room.id, { body: "fifth" });
  await settled();
  const order = ["first", "second", "third", "fourth", "fifth"];
  for (const { client } of [open, loaded])
    assert.deepEqual(
      client.unsent.map(({ body }) => body),
      order,
    );
  server.refuse = () => null;
  await clock.pass(20_000);
  assert.deepEqual(stored(room), order);
});

test("a message for which the storage is full says that only this page keeps it", async () => {
  const shared = new SharedStorage();
  const one = await aClientInARoom({ ...shared.tab(), messages: 0 });
  const { client, feed, server, room, clock } = one;
  const other = await aClientInARoom({ ...shared.tab(), server, clock, messages: 0 });
  const another = server.open({ name: "another" });
  await settled();
  fail(server);
  const stays = other.client.sendMessage(another.id, { body: "x".repeat(300) });
  await settled();
  shared.limit = 1_000;
  client.sendMessage(room.id, { body: "y".repeat(300) });
  await clock.pass(1_000);
  const unstored = () => feed.messages.map((message) => message.unstored);
  assert.equal(client.hasUnstored, true);
  assert.deepEqual(unstored(), [true]);
  assert.equal(other.client.hasUnstored, false);
  // Room is made in another tab, for a message of another room.
  other.client.discard(stays);
  await settled();
  assert.equal(client.hasUnstored, false);
  assert.deepEqual(unstored(), [false]);
  shared.limit = 0;
  client.sendMessage(room.id, { body: "z" });
  assert.deepEqual(unstored(), [false, true]);
  server.refuse = () => null;
  await clock.pass(11_000);
  assert.equal(client.hasUnstored, false);
});
