import assert from "node:assert/strict";
import { test } from "node:test";

import { excerpt } from "../../../../static/chat/client/lib/excerpt.js";
import { aClient, aClientInARoom, bodies, numbers } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("a new message follows the others", async () => {
  const { room, feed } = await aClientInARoom({ messages: 2 });
  room.send("grace", "message 3");
  await settled();
  assert.deepEqual(bodies(feed), ["message 1", "message 2", "message 3"]);
  assert.equal(feed.position, 3);
  assert.ok(feed.messages.every(({ state }) => state === "sent"));
});

test("the first message of an empty room is shown", async () => {
  const { room, feed } = await aClientInARoom({ messages: 0 });
  assert.equal(feed.loaded, true);
  assert.deepEqual(feed.messages, []);
  room.send("grace", "first");
  await settled();
  assert.deepEqual(bodies(feed), ["first"]);
});

test("an edit, a deletion and a reaction replace the message in its place", async () => {
  const { room, feed } = await aClientInARoom({ messages: 3 });
  room.edit(1, "edited");
  room.delete(2);
  room.react(3, "👍", ["grace"]);
  await settled();
  assert.deepEqual(bodies(feed), ["edited", "", "message 3"]);
  assert.deepEqual(numbers(feed), [1, 2, 3]);
  assert.equal(feed.messages[1].deleted, true);
  assert.deepEqual(feed.messages[2].reactions, { "👍": ["grace"] });
});

test("what comes twice is dropped", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 1 });
  const message = room.send("grace", "once");
  server.last.say({ type: "message", room: room.id, position: 2, message });
  server.last.say({ type: "message", room: room.id, position: 1, message: room.at(1) });
  await settled();
  assert.deepEqual(bodies(feed), ["message 1", "once"]);
  assert.equal(server.commands("sync").length, 0);
});

test("a gap is filled by one sync, however many events come after it", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 1 });
  server.last.isDeaf = true;
  room.send("grace", "lost");
  server.last.isDeaf = false;
  for (const body of ["a", "b", "c"]) room.send("grace", body);
  await settled();
  assert.deepEqual(bodies(feed), ["message 1", "lost", "a", "b", "c"]);
  assert.equal(server.commands("sync").length, 1);
  assert.deepEqual(server.commands("sync")[0].rooms, { [room.id]: 1 });
});

test("live events that come while a sync is under way are kept for after it", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 1 });
  const connection = server.last;
  connection.isDeaf = true;
  room.send("grace", "lost");
  connection.isDeaf = false;
  connection.holds = (type) => type === "changes";
  room.send("grace", "seen");
  await settled();
  room.send("grace", "later");
  await settled();
  connection.release();
  await settled();
  assert.deepEqual(bodies(feed), ["message 1", "lost", "seen", "later"]);
});

test("what was missed while away comes with one sync for all rooms", async () => {
  const server = new Server();
  const rooms = [server.open(), server.open({ name: "other" })];
  const { client, clock } = aClient({ server });
  await client.connect();
  for (const { id } of rooms) await client.feed(id).open();
  server.last.end(1006);
  rooms[0].send("grace", "one");
  rooms[1].send("grace", "two");
  await clock.pass(1_000);
  assert.deepEqual(
    rooms.map(({ id }) => bodies(client.feed(id))),
    [["one"], ["two"]],
  );
  assert.equal(server.commands("sync").length, 1);
});

test("a long absence is caught up in several steps", async () => {
  const { room, feed, server, clock } = await aClientInARoom({ messages: 1 });
  server.last.end(1006);
  for (const number of range(2, 40)) room.send("grace", `message ${number}`);
  room.edit(1, "edited meanwhile");
  room.edit(20, "edited too");
  await clock.pass(1_000);
  assert.deepEqual(numbers(feed), range(1, 40));
  assert.equal(feed.messages[0].body, "edited meanwhile");
  assert.equal(feed.messages[19].body, "edited too");
  assert.ok(server.commands("sync").length > 5);
});

test("after too long an absence the room starts over", async () => {
  const { room, feed, server, clock } = await aClientInARoom({ messages: 3 });
  server.resetAfter = 10;
  server.last.end(1006);
  for (const number of range(4, 100)) room.send("grace", `message ${number}`);
  await clock.pass(1_000);
  assert.deepEqual(numbers(feed), range(51, 100));
  assert.equal(feed.position, 100);
  assert.equal(feed.hasOlder, true);
});

test("a server that came back from a backup is believed", async () => {
  const { room, feed, server, clock } = await aClientInARoom({ messages: 10 });
  server.last.end(1006);
  room.messages.length = 4;
  room.position = 4;
  await clock.pass(1_000);
  assert.deepEqual(numbers(feed), [1, 2, 3, 4]);
  assert.equal(feed.position, 4);
});

test("the heads of a heartbeat heal a last message that was lost", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 1 });
  server.last.isDeaf = true;
  room.send("grace", "lost");
  await settled();
  assert.deepEqual(bodies(feed), ["message 1"]);
  server.last.say({ type: "heads", rooms: { [room.id]: 2 } });
  await settled();
  assert.deepEqual(bodies(feed), ["message 1", "lost"]);
});

test("heads that say nothing new ask for nothing", async () => {
  const { room, server } = await aClientInARoom({ messages: 2 });
  server.last.say({ type: "heads", rooms: { [room.id]: 2, unknown: 9 } });
  await settled();
  assert.equal(server.commands("sync").length, 0);
});

test("a sync that fails is tried again after a while", async () => {
  const { room, feed, server, clock } = await aClientInARoom({ messages: 1 });
  server.refuse = ({ type }) =>
    type === "sync" ? { code: "server_error", detail: "Try again." } : null;
  server.last.isDeaf = true;
  room.send("grace", "lost");
  server.last.say({ type: "heads", rooms: { [room.id]: 2 } });
  await settled();
  server.refuse = () => null;
  assert.deepEqual(bodies(feed), ["message 1"]);
  await clock.pass(2_000);
  assert.deepEqual(bodies(feed), ["message 1", "lost"]);
});

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

test("a reply's quote follows what it quotes", async () => {
  const { room, feed } = await aClientInARoom({ messages: 1 });
  room.send("grace", "answer", { reply_to: room.at(1).id });
  await settled();
  assert.equal(feed.messages[1].quote?.body, "message 1");
  room.edit(1, "changed");
  await settled();
  assert.equal(feed.messages[1].quote?.body, "changed");
  room.delete(1);
  await settled();
  assert.equal(feed.messages[1].quote?.body, "");
});

test("a quote follows also when what it quotes is outside the window", async () => {
  const server = new Server();
  const room = server.open();
  for (const number of range(1, 100)) room.send("grace", `message ${number}`);
  room.send("grace", "answer", { reply_to: room.at(1).id });
  const { feed } = await aClientInARoom({ server, messages: 0 });
  room.edit(1, "changed");
  await settled();
  assert.equal(feed.messages.at(-1)?.quote?.body, "changed");
});

test("a quote follows in a message that is ahead of the others", async () => {
  const { client, room, feed, server } = await aClientInARoom({ messages: 1 });
  server.last.holds = (type) => type === "message";
  room.send("grace", "still on its way");
  client.sendMessage(room.id, { body: "answer", replyTo: feed.messages[0] });
  await settled();
  await client.send({ type: "message.edit", message: room.at(1).id, body: "changed" });
  assert.deepEqual(feed.messages.at(-1)?.quote?.body, "changed");
});

test("a quote is plain text on one line, shortened", () => {
  assert.equal(excerpt("<p>a &lt;b&gt; &amp; <em>c</em></p>\n<p>d</p>"), "a <b> & c d");
  assert.equal(excerpt("<hr>\n"), "—");
  assert.equal(excerpt(`<p>${"x".repeat(200)}</p>`), `${"x".repeat(139)}…`);
});

test("the list of messages is the same object until something changes", async () => {
  const { room, feed } = await aClientInARoom({ messages: 2 });
  const before = feed.messages;
  assert.equal(feed.messages, before);
  room.send("grace", "news");
  await settled();
  assert.notEqual(feed.messages, before);
});

test("several events in one frame are taken in order", async () => {
  const { room, feed, server } = await aClientInARoom({ messages: 0 });
  server.last.isDeaf = true;
  const events = ["a", "b"].map((body) => {
    const message = room.send("grace", body);
    return { type: "message", room: room.id, position: message.position, message };
  });
  server.last.say(events);
  await settled();
  assert.deepEqual(bodies(feed), ["a", "b"]);
});

test("an older state that comes late does not replace a newer one", async () => {
  const { client, room, feed, server } = await aClientInARoom({ messages: 1 });
  server.last.holds = (type) => type === "reply";
  const editing = client.send({ type: "message.edit", message: room.at(1).id, body: "older" });
  await settled();
  room.edit(1, "newer");
  await settled();
  server.last.release();
  await editing;
  assert.deepEqual(bodies(feed), ["newer"]);
});

test("changes that say there is more are asked for again", async () => {
  const { room, server } = await aClientInARoom({ messages: 3 });
  const event = { type: "changes", room: room.id, messages: [], position: 3, reset: false };
  server.last.say({ ...event, more: true });
  await settled();
  assert.equal(server.commands("sync").length, 1);
  server.last.say({ ...event, more: false });
  await settled();
  assert.equal(server.commands("sync").length, 1);
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
