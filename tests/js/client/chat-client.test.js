import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatError, handleIncomingMessage } from "../../../static/chat/client.js";
import { aClient, aClientInARoom } from "../support/fixtures.js";
import { settled } from "../support/clock.js";
import { Server } from "../support/server.js";

test("each reply goes to the command that it answers", async () => {
  const { client, room, server } = await aClientInARoom({ messages: 10 });
  server.last.holds = (type) => type === "reply";
  const first = client.send({ type: "history", room: room.id, limit: 1 });
  const second = client.send({ type: "history", room: room.id, limit: 2 });
  await settled();
  const [one, two] = server.commands("history").slice(-2);
  assert.notEqual(one.ref, two.ref);
  server.last.release();
  assert.equal((await second).messages.length, 2);
  assert.equal((await first).messages.length, 1);
});

test("an error rejects its command with code and detail", async () => {
  const { client, room, server } = await aClientInARoom();
  server.refuse = () => ({ code: "not_found", detail: "There is no such room." });
  await assert.rejects(client.send({ type: "room.leave", room: room.id }), (error) => {
    assert.ok(error instanceof ChatError);
    assert.equal(error.code, "not_found");
    assert.equal(error.detail, "There is no such room.");
    return true;
  });
});

test("an error without a ref concerns nobody", async () => {
  const { client, server } = await aClientInARoom();
  server.last.say({ type: "error", ref: "", code: "bad_request", detail: "?" });
  await settled();
  assert.equal(client.state, "online");
});

test("a command is refused at once while there is no connection", async () => {
  const { client, room } = await aClientInARoom();
  client.disconnect();
  await assert.rejects(client.send({ type: "room.leave", room: room.id }), { code: "network" });
});

test("a command whose connection is lost is rejected", async () => {
  const { client, room, server } = await aClientInARoom();
  server.last.holds = () => true;
  const leaving = client.send({ type: "room.leave", room: room.id });
  await settled();
  server.last.end(1006);
  await assert.rejects(leaving, { code: "network" });
});

test("a command that is never answered is given up", async () => {
  const { client, room, server, clock } = await aClientInARoom();
  server.last.holds = (type) => type === "reply";
  const leaving = assert.rejects(client.send({ type: "room.leave", room: room.id }), {
    code: "timeout",
  });
  await clock.pass(30_000);
  await leaving;
});

test("unknown types, fields and nonsense are ignored", async () => {
  const { client, server, room, feed } = await aClientInARoom({ messages: 1 });
  server.last.say({ type: "poll.opened", room: room.id });
  server.last.say({ type: "constructor" });
  server.last.say({ type: "presence", user: "grace", state: "online", since: "always" });
  server.last.say([]);
  client.receive("not json");
  client.receive("null");
  client.receive('[1, null, "text", {}]');
  room.send("grace", "still here");
  await settled();
  assert.equal(feed.messages.length, 2);
  assert.ok(client.online.has("grace"));
});

test("handleIncomingMessage applies an object to the client of that socket alone", async () => {
  const server = new Server();
  server.open();
  const { client: ada } = aClient({ server });
  const { client: grace } = aClient({ server, username: "grace" });
  await ada.connect();
  await grace.connect();
  handleIncomingMessage({ type: "presence", user: "alan", state: "online" }, ada.socket);
  handleIncomingMessage({ type: "presence", user: "alan", state: "online" }, null);
  assert.ok(ada.online.has("alan"));
  assert.ok(!grace.online.has("alan"));
});
