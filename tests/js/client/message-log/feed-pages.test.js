import assert from "node:assert/strict";
import { test } from "node:test";

import { aClient, aClientInARoom, bodies, numbers } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("older pages join on without gaps until the first message", async () => {
  const { feed } = await aClientInARoom({ messages: 120 });
  assert.deepEqual(numbers(feed), range(71, 120));
  await feed.loadOlder();
  assert.deepEqual(numbers(feed), range(21, 120));
  assert.equal(feed.hasOlder, true);
  await feed.loadOlder();
  assert.deepEqual(numbers(feed), range(1, 120));
  assert.equal(feed.hasOlder, false);
});

test("asking for the same page twice loads it once", async () => {
  const { feed, server } = await aClientInARoom({ messages: 120 });
  await Promise.all([feed.loadOlder(), feed.loadOlder(), feed.open()]);
  assert.deepEqual(numbers(feed), range(21, 120));
  assert.equal(server.commands("history").length, 2);
});

test("a change outside the window moves only the position", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 120 });
  room.edit(3, "far away");
  await settled();
  assert.deepEqual(numbers(feed), range(71, 120));
  assert.equal(feed.position, 121);
  assert.equal(server.commands("sync").length, 0);
});

test("a change that overtakes the page it belongs to is not lost", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 120 });
  server.last.holds = (type) => type === "reply";
  const loading = feed.loadOlder();
  await settled();
  assert.equal(feed.loading, "older");
  room.edit(30, "edited after the page was read");
  await settled();
  server.last.release();
  await loading;
  assert.equal(
    feed.messages.find(({ number }) => number === 30)?.body,
    "edited after the page was read",
  );
});

test("a page is asked for again when the connection is lost on the way", async () => {
  const { feed, server, clock } = await aClientInARoom({ messages: 120 });
  server.last.holds = (type) => type === "reply";
  const loading = feed.loadOlder();
  await settled();
  server.last.end(1006);
  await clock.pass(1_000);
  await loading;
  assert.deepEqual(numbers(feed), range(21, 120));
});

test("a room can be opened before the connection is there", async () => {
  const server = new Server();
  const room = server.open();
  room.send("grace", "hello");
  const { client } = aClient({ server });
  const connecting = client.connect();
  await client.feed(room.id).open();
  await connecting;
  await settled();
  assert.deepEqual(bodies(client.feed(room.id)), ["hello"]);
  room.send("grace", "and again");
  await settled();
  assert.deepEqual(bodies(client.feed(room.id)), ["hello", "and again"]);
});

test("a page that is refused says why, and can be asked for again", async () => {
  const { feed, server } = await aClientInARoom({ messages: 120 });
  server.refuse = ({ type }) => (type === "history" ? { code: "forbidden", detail: "No." } : null);
  await assert.rejects(feed.loadOlder(), { code: "forbidden" });
  assert.equal(feed.loading, null);
  assert.equal(feed.error?.detail, "No.");
  server.refuse = () => null;
  await feed.loadOlder();
  assert.deepEqual(numbers(feed), range(21, 120));
});

test("a jump shows the messages around a number, away from the newest", async () => {
  const { room, feed } = await aClientInARoom({ messages: 300 });
  await feed.jumpTo(100);
  assert.deepEqual(numbers(feed), range(75, 124));
  assert.equal(feed.hasNewer, true);
  room.send("grace", "far below");
  await settled();
  assert.deepEqual(numbers(feed), range(75, 124));
  assert.equal(feed.position, 301);
  await feed.loadNewer();
  assert.deepEqual(numbers(feed), range(75, 174));
  await feed.jumpToLatest();
  assert.equal(feed.messages.at(-1)?.body, "far below");
  assert.equal(feed.hasNewer, false);
});

test("pages that large messages end early lead to every message all the same", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 100, pageLimit: 7 });
  assert.deepEqual(numbers(feed), range(94, 100));
  await feed.loadOlder();
  assert.deepEqual(numbers(feed), range(87, 100));
  await feed.jumpTo(40);
  assert.deepEqual(numbers(feed), range(40, 46));
  assert.equal(feed.hasNewer, true);
  await feed.loadOlder();
  assert.deepEqual(numbers(feed), range(33, 46));
  while (feed.hasNewer) await feed.loadNewer();
  room.send("grace", "live");
  await settled();
  assert.deepEqual(numbers(feed), range(33, 101));
  while (feed.hasOlder) await feed.loadOlder();
  assert.deepEqual(numbers(feed), range(1, 101));
  server.pageLimit = 1;
  await feed.jumpToLatest();
  await feed.jumpTo(50);
  assert.deepEqual(numbers(feed), range(1, 101));
});

test("a jump far back in a room of the largest messages shows that one", async () => {
  const { feed } = await aClientInARoom({ messages: 90, pageLimit: 1 });
  await feed.jumpTo(20);
  assert.deepEqual(numbers(feed), [20]);
  await feed.loadOlder();
  await feed.loadNewer();
  assert.deepEqual(numbers(feed), [19, 20, 21]);
});

test("a jump says whether the message is there", async () => {
  const { client, room, feed, server } = await aClientInARoom({ messages: 200 });
  assert.equal(await feed.jumpTo(190), true);
  assert.equal(await feed.jumpTo(100), true);
  assert.deepEqual(await Promise.all([feed.jumpTo(20), feed.jumpTo(20)]), [true, true]);
  assert.deepEqual(await Promise.all([feed.jumpTo(60), feed.jumpToLatest()]), [false, undefined]);
  assert.equal(await feed.jumpTo(500), false);
  assert.equal(numbers(feed).at(-1), 200);
  // One on its way would have this number if nobody else sent anything.
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "forbidden", detail: "No." } : null;
  client.sendMessage(room.id, { body: "mine" });
  await settled();
  assert.equal(feed.messages.at(-1)?.number, 201);
  assert.equal(await feed.jumpTo(201), false);
});

test("a jump to what is held loads nothing", async () => {
  const { feed, server } = await aClientInARoom({ messages: 60 });
  await feed.jumpTo(30);
  assert.equal(server.commands("history").length, 1);
  assert.equal(feed.hasNewer, false);
});

test("a jump close to the end stays with the newest", async () => {
  const { feed, room } = await aClientInARoom({ messages: 200 });
  await feed.jumpTo(140);
  assert.equal(feed.hasNewer, true);
  await feed.jumpTo(190);
  assert.equal(feed.hasNewer, false);
  room.send("grace", "next");
  await settled();
  assert.equal(feed.messages.at(-1)?.body, "next");
});

test("newer pages lead back to the live end", async () => {
  const { feed, room } = await aClientInARoom({ messages: 200 });
  await feed.jumpTo(60);
  while (feed.hasNewer) await feed.loadNewer();
  room.send("grace", "live");
  await settled();
  assert.deepEqual(numbers(feed), range(35, 201));
});

test("the window can be trimmed at either end and loaded again", async () => {
  const { feed, room } = await aClientInARoom({ messages: 120 });
  await feed.loadOlder();
  feed.trim("newer", 60);
  assert.deepEqual(numbers(feed), range(21, 80));
  assert.equal(feed.hasNewer, true);
  room.send("grace", "not in the window");
  await settled();
  assert.deepEqual(numbers(feed), range(21, 80));
  while (feed.hasNewer) await feed.loadNewer();
  feed.trim("older", 10);
  assert.deepEqual(numbers(feed), range(112, 121));
  assert.equal(feed.hasOlder, true);
});

test("a page that no longer fits after trimming is not joined", async () => {
  const { feed, server } = await aClientInARoom({ messages: 200 });
  server.last.holds = (type) => type === "reply";
  const loading = feed.loadOlder();
  await settled();
  feed.trim("older", 10);
  server.last.release();
  await loading;
  assert.deepEqual(numbers(feed), range(191, 200));
});

test("a page after the window that no longer fits leaves the way to the newest open", async () => {
  const { feed, server } = await aClientInARoom({ messages: 150 });
  await feed.jumpTo(90);
  server.last.holds = (type) => type === "reply";
  const loading = feed.loadNewer();
  await settled();
  feed.trim("newer", 10);
  server.last.release();
  await loading;
  assert.deepEqual(numbers(feed), range(65, 74));
  assert.equal(feed.hasNewer, true);
});
