import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";

test("typing ends after five seconds, or when it is said again, five after that", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await clock.pass(3_000);
  assert.deepEqual(client.typing(room.id), ["grace"]);
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await clock.pass(4_000);
  assert.deepEqual(client.typing(room.id), ["grace"]);
  await clock.pass(1_000);
  assert.deepEqual(client.typing(room.id), []);
});

test("typing ends with the message", async () => {
  const { client, server, room } = await aClientInARoom();
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await settled();
  room.send("grace", "done");
  await settled();
  assert.deepEqual(client.typing(room.id), []);
});

test("nobody is typing in a connection that is lost, nor oneself", async () => {
  const { client, server, room } = await aClientInARoom();
  server.last.say({ type: "typing", room: room.id, user: "ada" });
  server.last.say({ type: "typing", room: room.id, user: "grace" });
  await settled();
  assert.deepEqual(client.typing(room.id), ["grace"]);
  server.last.end(1006);
  await settled();
  assert.deepEqual(client.typing(room.id), []);
});

test("one's own typing is told every three seconds, and afresh after sending", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  for (let key = 0; key < 40; key++) {
    client.sayTyping(room.id);
    await clock.pass(100);
  }
  assert.equal(server.commands("typing").length, 2);
  client.sendMessage(room.id, { body: "sent" });
  client.sayTyping(room.id);
  await settled();
  assert.equal(server.commands("typing").length, 3);
});
