import assert from "node:assert/strict";
import { test } from "node:test";

import { fullJitter } from "../../../../static/chat/client/lib/backoff.js";
import { aClient, aClientInARoom, bodies, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { Server } from "../../support/server.js";

test("connecting resolves when the server has greeted us", async () => {
  const { client, server } = aClient();
  server.online = ["grace"];
  const room = server.open();
  const arriving = client.connect();
  assert.equal(client.state, "connecting");
  assert.equal(client.username, "");
  await arriving;
  assert.equal(client.state, "online");
  assert.equal(client.username, "ada");
  assert.equal(client.me?.display_name, "ADA");
  assert.equal(client.socket, server.last);
  assert.deepEqual([...client.rooms.keys()], [room.id]);
  assert.deepEqual([...client.online], ["grace"]);
});

test("each client has an id of its own", () => {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  assert.match(aClient().client.id, uuid);
  assert.notEqual(aClient().client.id, aClient().client.id);
});

test("the wait before an attempt is random below a bound that doubles up to thirty seconds", () => {
  const longest = [0, 1, 2, 3, 10].map((attempt) => fullJitter(attempt, () => 1));
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 30_000]);
  assert.equal(
    fullJitter(3, () => 0),
    0,
  );
  assert.equal(
    fullJitter(3, () => 0.25),
    1000,
  );
});

test("a lost connection is made again after a random delay, said in advance", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.last.end(1006);
  await settled();
  assert.equal(client.state, "offline");
  assert.equal(client.socket, null);
  assert.equal(client.retryAt, clock.now() + 250);
  await clock.pass(249);
  assert.equal(server.attempts, 1);
  await clock.pass(1);
  assert.equal(client.state, "online");
  assert.equal(client.retryAt, null);
});

test("while the server is down the attempts become rarer, and it is found when it returns", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.isUp = false;
  server.last.end(1012);
  await clock.pass(10 * 60_000);
  assert.ok(server.attempts > 10 && server.attempts < 60, `${server.attempts} attempts`);
  server.isUp = true;
  await clock.pass(30_000);
  assert.equal(client.state, "online");
});

test("a first connection that fails is tried again until it is made", async () => {
  const { client, server, clock } = aClient();
  server.isUp = false;
  const arriving = client.connect();
  await clock.pass(5_000);
  server.isUp = true;
  await clock.pass(30_000);
  await arriving;
  assert.equal(client.state, "online");
});

test("a server that never greets is given up and tried again", async () => {
  const { client, server, clock } = aClient();
  server.isGreeting = false;
  const arriving = client.connect();
  await clock.pass(19_000);
  assert.equal(client.state, "connecting");
  await clock.pass(1_000);
  assert.equal(client.state, "offline");
  server.isGreeting = true;
  await clock.pass(1_000);
  await arriving;
  assert.equal(client.state, "online");
});

test("connections that break at once do not start the delays afresh", async () => {
  const { client, server, clock } = await aClientInARoom();
  const delays = [];
  for (let round = 0; round < 4; round++) {
    server.last.end(1006);
    await settled();
    delays.push((client.retryAt ?? 0) - clock.now());
    await clock.pass(delays[round]);
  }
  assert.deepEqual(delays, [250, 500, 1000, 2000]);
  await clock.pass(60_000);
  server.last.end(1006);
  await settled();
  assert.equal((client.retryAt ?? 0) - clock.now(), 250);
});

test("whoever is signed out stays away and says so", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.last.end(4401);
  await clock.pass(120_000);
  assert.equal(client.state, "signed_out");
  assert.equal(client.error?.code, "unauthenticated");
  assert.equal(server.attempts, 1);
});

test("whoever is suspended stays away and says so", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.last.end(4403);
  await clock.pass(120_000);
  assert.equal(client.state, "banned");
  assert.equal(server.attempts, 1);
});

test("another protocol is a clear error and not a loop", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.last.end(4400);
  await clock.pass(120_000);
  assert.equal(client.state, "offline");
  assert.equal(client.retryAt, null);
  assert.match(client.error?.detail ?? "", /Reload/);
  assert.equal(server.attempts, 1);
});

test("connecting is refused to whoever is signed out", async () => {
  const { client, server } = aClient();
  server.turnsAway = 4401;
  await assert.rejects(client.connect(), { code: "unauthenticated" });
  assert.equal(client.state, "signed_out");
});

test("a client that was too fast stays away for longer", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.last.end(4429);
  await settled();
  assert.ok((client.retryAt ?? 0) - clock.now() >= 2_000);
});

test("who was too fast is not brought back sooner by looking at the page", async () => {
  const events = new EventTarget();
  const { client, server, clock } = await aClientInARoom({ events });
  server.last.end(4429);
  await settled();
  const attempts = server.attempts;
  for (let n = 0; n < 10; n++) {
    events.dispatchEvent(new Event("focus"));
    await clock.pass(100);
  }
  assert.equal(server.attempts, attempts);
  await clock.pass(1_500);
  events.dispatchEvent(new Event("focus"));
  await clock.pass(100);
  assert.equal(client.state, "online");
});

test("a slow reader comes back and catches up", async () => {
  const { server, clock, room, feed } = await aClientInARoom({ messages: 1 });
  server.last.end(4408);
  room.send("grace", "missed");
  await clock.pass(1_000);
  assert.deepEqual(bodies(feed), ["message 1", "missed"]);
});

test("disconnecting stays away until connecting", async () => {
  const { client, server, clock } = await aClientInARoom();
  client.disconnect();
  await clock.pass(120_000);
  assert.equal(client.state, "offline");
  assert.equal(server.connections.length, 0);
  await client.connect();
  assert.equal(client.state, "online");
});

test("the browser's word that it is online ends the wait", async () => {
  const events = new EventTarget();
  const { client, server } = await aClientInARoom({ events });
  events.dispatchEvent(new Event("offline"));
  await settled();
  assert.equal(client.state, "offline");
  events.dispatchEvent(new Event("online"));
  await settled();
  assert.equal(client.state, "online");
  assert.equal(server.attempts, 2);
});

test("a connection that died silently is found out and replaced", async () => {
  const { client, server, clock, room, feed } = await aClientInARoom({ messages: 1 });
  server.last.isDead = true;
  room.send("grace", "into the void");
  await clock.pass(60_000);
  assert.equal(client.state, "online");
  assert.equal(server.attempts, 2);
  assert.deepEqual(bodies(feed), ["message 1", "into the void"]);
});

test("a connection that died silently is found out also when the clock is set back", async () => {
  const { client, server, clock, room, feed } = await aClientInARoom({ messages: 1 });
  clock.setWallClock(-60 * 60_000);
  server.last.isDead = true;
  room.send("grace", "into the void");
  await clock.pass(60_000);
  assert.equal(client.state, "online");
  assert.deepEqual(bodies(feed), ["message 1", "into the void"]);
});

for (const standsStill of [true, false]) {
  const how = standsStill ? "stands still" : "goes on";
  test(`after a sleep, in which the monotonic clock ${how}, the connection is probed at once`, async () => {
    const { client, server, clock } = await aClientInARoom();
    server.last.isDead = true;
    clock.sleep(60 * 60_000, { standsStill });
    await clock.pass(server.heartbeat * 1000);
    await clock.pass(10_000); // what the answer to a ping may take
    await clock.pass(1_000);
    assert.equal(client.state, "online");
    assert.equal(server.attempts, 2);
  });
}

test("a command without an answer has the connection probed at once", async () => {
  const server = new Server();
  server.heartbeat = 3_600;
  const { client, clock, room } = await aClientInARoom({ server, messages: 0 });
  server.last.isDead = true;
  client.sendMessage(room.id, { body: "into the void" });
  await clock.pass(29_000);
  assert.equal(server.attempts, 1);
  await clock.pass(1_000 + 10_000 + 1_000);
  assert.equal(client.state, "online");
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["into the void"],
  );
});

test("commands without an answer are no reason to leave a server that answers a ping", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  server.last.swallows = ({ type }) => type !== "ping";
  const asked = Promise.allSettled(
    [1, 2, 3].map(() => client.send({ type: "room.remove", room: room.id, member: "grace" })),
  );
  await clock.pass(31_000);
  for (const { reason } of /** @type {PromiseRejectedResult[]} */ (await asked)) {
    assert.equal(reason.code, "timeout");
  }
  assert.equal(server.attempts, 1);
  assert.equal(client.state, "online");
});

test("when the next attempt is made is said by the clock as it is set now", async () => {
  const { client, server, clock } = await aClientInARoom();
  server.last.end(1006);
  await settled();
  clock.setWallClock(-60 * 60_000);
  assert.equal(client.retryAt, clock.now() + 250);
});

test("what a client that was too fast waits for does not hang on the wall clock", async () => {
  const events = new EventTarget();
  const { client, server, clock } = await aClientInARoom({ events, random: () => 0.99 });
  server.last.end(4429);
  await settled();
  clock.setWallClock(-60 * 60_000);
  await clock.pass(2_100);
  events.dispatchEvent(new Event("focus"));
  await settled();
  assert.equal(client.state, "online");
});

test("that one is typing is told also when the clock is set back", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  client.sayTyping(room.id);
  clock.setWallClock(-60 * 60_000);
  await clock.pass(4_000);
  client.sayTyping(room.id);
  assert.equal(server.commands("typing").length, 2);
});

test("a quiet room is no reason to leave", async () => {
  const { server, clock } = await aClientInARoom();
  await clock.pass(10 * 60_000);
  assert.equal(server.attempts, 1);
  assert.ok(server.commands("ping").length > 10);
});

test("what an abandoned socket still says is not heard", async () => {
  const { client, server, clock } = await aClientInARoom();
  const old = server.last;
  old.end(1006);
  await clock.pass(1_000);
  old.handlers.onFrame(JSON.stringify({ type: "presence", user: "ghost", state: "online" }));
  old.handlers.onClose(4403);
  assert.equal(client.state, "online");
  assert.ok(!client.online.has("ghost"));
});

test("listeners are told each state", async () => {
  const { client, server, clock } = await aClientInARoom();
  /** @type {string[]} */
  const states = [];
  client.addEventListener("state", () => states.push(client.state));
  server.last.end(1006);
  await clock.pass(1_000);
  assert.deepEqual(states, ["offline", "connecting", "online"]);
});

test("a hundred messages in one frame are told once", async () => {
  const { client, server, room } = await aClientInARoom({ messages: 0 });
  const told = heard(client, "messages");
  server.last.isDeaf = true;
  const events = Array.from({ length: 100 }, (_, index) => {
    const message = room.send("grace", `message ${index}`);
    return { type: "message", room: room.id, position: message.position, message };
  });
  server.last.say(events);
  await settled();
  assert.deepEqual(told, [{ room: room.id }]);
  assert.equal(client.feed(room.id).messages.length, 100);
});

test("without a connection nobody is known to be here", async () => {
  const { client, server, clock } = aClient();
  server.online = ["grace"];
  await client.connect();
  assert.deepEqual([...client.online], ["grace"]);
  assert.equal(client.isPresenceKnown, true);
  await settled();
  const told = heard(client, "presence");
  server.isUp = false;
  server.last.end(1006);
  await settled();
  assert.deepEqual([[...client.online], client.isPresenceKnown, told.length], [[], false, 1]);
  server.isUp = true;
  await clock.pass(30_000);
  assert.deepEqual([[...client.online], client.isPresenceKnown], [["grace"], true]);
});
