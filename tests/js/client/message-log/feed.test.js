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
