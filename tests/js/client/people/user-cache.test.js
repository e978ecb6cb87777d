import assert from "node:assert/strict";
import { test } from "node:test";

import { aClientInARoom, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";

test("people are asked for together, and announced when they are known", async () => {
  const { client, server, clock } = await aClientInARoom();
  await clock.pass(100);
  const told = heard(client, "people");
  assert.equal(client.person("grace").display_name, "grace");
  client.person("alan");
  client.person("grace");
  await clock.pass(100);
  assert.equal(client.person("grace").display_name, "GRACE");
  assert.deepEqual(
    server.commands("people.get").map(({ usernames }) => usernames),
    [["grace", "alan"]],
  );
  assert.equal(told.length, 1);
});

test("a changed name is known at once", async () => {
  const { client, server } = await aClientInARoom();
  const person = { username: "ada", display_name: "Countess", avatar_url: null };
  server.last.say({ type: "person", person });
  await settled();
  assert.equal(client.person("ada").display_name, "Countess");
  assert.equal(client.me?.display_name, "Countess");
  await client.send({ type: "user.update", display_name: "Ada L." });
  assert.equal(client.me?.display_name, "Ada L.");
});

test("people come and go", async () => {
  const { client, server } = await aClientInARoom();
  const told = heard(client, "presence");
  server.last.say({ type: "presence", user: "grace", state: "online" });
  await settled();
  assert.ok(client.online.has("grace"));
  server.last.say({ type: "presence", user: "grace", state: "offline" });
  await settled();
  assert.ok(!client.online.has("grace"));
  assert.deepEqual(told, [{ user: "grace" }, { user: "grace" }]);
});
