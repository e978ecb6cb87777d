/** Favourites of one person on several devices, against a server in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ErrorCode } from "../../../../static/chat/protocol.js";
import { aClient, aClientInARoom, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";

/** @typedef {import("../../support/server.js").Server} Server */

/** Another device of the same person. @param {{server: Server, clock: any}} world */
async function another({ server, clock }) {
  const { client } = aClient({ server, clock });
  await client.connect();
  await settled();
  return client;
}

/** @param {import("../../../../static/chat/client.js").ChatClient} client */
const favorites = (client) =>
  [...client.rooms.values()].filter(({ favorite }) => favorite).map(({ name }) => name);

/** @param {Promise<any>} promise */
const codeOf = (promise) =>
  promise.then(
    () => "done",
    ({ code }) => code,
  );

test("it shows at once, and on the other device", async () => {
  const world = await aClientInARoom();
  const { client, room } = world;
  const other = await another(world);
  const told = heard(other, "room");
  const done = client.setFavorite(room.id, true);
  assert.deepEqual(favorites(client), ["general"]);
  await done;
  await settled();
  assert.deepEqual(favorites(other), ["general"]);
  assert.deepEqual(told, [{ room: room.id }]);
  await other.setFavorite(room.id, false);
  await settled();
  assert.deepEqual(favorites(client), []);
  assert.equal(world.server.commands("me.sync").length, 0);
});

test("what is refused comes back", async () => {
  const { client, server, room } = await aClientInARoom();
  server.refuse = ({ type }) =>
    type === "room.favorite" ? { code: ErrorCode.CONFLICT, detail: "Too many." } : null;
  const done = codeOf(client.setFavorite(room.id, true));
  assert.deepEqual(favorites(client), ["general"]);
  assert.equal(await done, "conflict");
  assert.deepEqual(favorites(client), []);
});

test("a device that is offline is told later, and all end the same", async () => {
  const world = await aClientInARoom();
  const { client, server, clock, room } = world;
  const second = server.open({ name: "second" });
  const other = await another(world);
  await clock.pass(1_000);
  server.isUp = false;
  for (const connection of [...server.connections]) connection.end(1006);
  await settled();
  const done = client.setFavorite(room.id, true);
  void codeOf(other.setFavorite(second.id, true));
  assert.deepEqual(favorites(client), ["general"]);
  await clock.pass(60_000);
  assert.equal(server.personal("ada").version, 0);
  server.isUp = true;
  await clock.pass(60_000);
  await done;
  for (const each of [client, other, await another(world)])
    assert.deepEqual(favorites(each).sort(), ["general", "second"]);
});

test("of two wishes for a room the newer one is done", async () => {
  const { client, server, room } = await aClientInARoom();
  server.last.holds = (type) => type === "reply";
  const first = codeOf(client.setFavorite(room.id, true));
  await settled();
  const second = codeOf(client.setFavorite(room.id, false));
  assert.deepEqual(favorites(client), []);
  await settled();
  server.last.release();
  await settled();
  assert.deepEqual([await first, await second], ["aborted", "done"]);
  assert.deepEqual(favorites(client), []);
  assert.equal(server.personal("ada").value("favorite", room.id), false);
});

test("it does not flicker where the answer comes before what others changed", async () => {
  const world = await aClientInARoom();
  const { client, server, room } = world;
  const second = server.open({ name: "second" });
  server.last.isDeaf = true;
  server.personal("ada").change("favorite", second.id, true); // of which it does not hear
  server.last.holds = (type) => type === "reply";
  /** @type {boolean[]} */
  const shown = [];
  client.addEventListener("room", () => shown.push(Boolean(client.rooms.get(room.id)?.favorite)));
  const done = client.setFavorite(room.id, true);
  await settled();
  server.last.release();
  server.last.holds = (type) => type === "reply"; // of what is asked for now
  await done;
  server.last.say({ type: "room", room: { ...room.seenBy("ada"), favorite: false } });
  await settled();
  assert.ok(shown.length > 1);
  server.last.release();
  await settled();
  assert.equal(server.commands("me.sync").length, 1);
  assert.ok(shown.every(Boolean), String(shown));
  assert.deepEqual(favorites(client), ["general"]);
});

test("a room event that is older than the log does not take it back", async () => {
  const { client, server, room } = await aClientInARoom();
  const old = room.seenBy("ada");
  await client.setFavorite(room.id, true);
  server.last.say({ type: "room", room: { ...old, name: "renamed" } });
  await settled();
  assert.deepEqual(favorites(client), ["renamed"]);
});

test("a device that comes back after many changes asks page by page", async () => {
  const world = await aClientInARoom();
  const { client, server, clock } = world;
  const rooms = Array.from({ length: 8 }, (_, n) => server.open({ name: `room ${n}` }));
  server.last.end(1006);
  for (const room of rooms) server.personal("ada").change("favorite", room.id, true);
  await clock.pass(60_000);
  assert.equal(server.commands("me.sync").length, 3);
  assert.deepEqual(favorites(client).sort(), rooms.map(({ name }) => name).sort());
});

test("a lost change is asked for when the heartbeat tells the version", async () => {
  const { client, server, room } = await aClientInARoom();
  server.last.isDeaf = true;
  const { version } = server.personal("ada").change("favorite", room.id, true);
  server.last.say({ type: "me.changed", version, changes: [] });
  await settled();
  assert.deepEqual(favorites(client), ["general"]);
});

test("disconnecting keeps a wish for the next connection", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  server.last.isDead = true;
  const done = client.setFavorite(room.id, true);
  await clock.pass(1_000);
  client.disconnect();
  await settled();
  await client.connect();
  await done;
  assert.deepEqual(favorites(client), ["general"]);
  assert.equal(server.personal("ada").value("favorite", room.id), true);
});

test("after a restore the log is asked for from its beginning, and a wish is kept", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  const second = server.open({ name: "second" });
  await client.setFavorite(room.id, true);
  server.isUp = false;
  server.personal("ada").restore();
  server.restore(room, 1);
  await settled();
  void codeOf(client.setFavorite(second.id, true));
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(favorites(client), ["second"]);
});

test("another person sees nothing of the former one's", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  await client.setFavorite(room.id, true);
  server.last.username = "grace";
  const ready = /** @type {any} */ (client.greeting);
  server.last.say({
    ...ready,
    user: { ...ready.user, id: "id of grace", username: "grace" },
    rooms: [room.seenBy("grace")],
    me_version: 0,
  });
  await clock.pass(1_000);
  assert.deepEqual(favorites(client), []);
});

test("what others are greeted with has what this one knows", async () => {
  const { client, room } = await aClientInARoom();
  await client.setFavorite(room.id, true);
  const { me_version, rooms } = /** @type {any} */ (client.greeting);
  assert.equal(me_version, 1);
  assert.deepEqual(
    rooms.map((/** @type {any} */ { favorite }) => favorite),
    [true],
  );
});

test("an older server that knows no favourites is asked nothing", async () => {
  const world = aClient();
  world.server.hasPersonalLogs = false;
  const room = world.server.open();
  await world.client.connect();
  await settled();
  assert.equal(world.client.rooms.get(room.id)?.favorite, false);
  assert.equal(world.server.commands("me.sync").length, 0);
  assert.equal(world.client.greeting?.me_version, undefined);
});

test("the command itself is done once more where no answer came, and shows", async () => {
  const { client, server, clock, room } = await aClientInARoom();
  server.last.holds = () => true;
  const done = client.send({ type: "room.favorite", room: room.id, on: true });
  await settled();
  server.last.end(1006);
  await clock.pass(5_000);
  assert.equal((await done).change.version, 1);
  assert.equal(server.commands("room.favorite").length, 2);
  assert.deepEqual(favorites(client), ["general"]);
});

test("a random history on three devices that come and go ends the same on all", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = await aClientInARoom({ messages: 0 });
    const { server, clock } = world;
    const clients = [world.client, await another(world), await another(world)];
    const rooms = [world.room, ...[1, 2, 3].map((n) => server.open({ name: `room ${n}` }))];
    let state = seed;
    const chance = (/** @type {number} */ below) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * below);
    };
    for (let step = 0; step < 60; step++) {
      const { id } = rooms[chance(rooms.length)];
      const connections = server.connections;
      switch (chance(6)) {
        case 0:
          connections[chance(connections.length)]?.end(1006);
          break;
        case 1:
          for (const connection of connections) connection.isDeaf = chance(2) === 0;
          break;
        case 2:
          await clock.pass(chance(3_000));
          break;
        default:
          void codeOf(clients[chance(clients.length)].setFavorite(id, chance(2) === 0));
          if (chance(2)) await settled();
      }
    }
    await clock.pass(120_000);
    // As the heartbeat does.
    const { version, values } = server.personal("ada");
    for (const connection of server.connections)
      connection.say({ type: "me.changed", version, changes: [] });
    await clock.pass(1_000);
    const wanted = rooms.filter(({ id }) => values[`favorite ${id}`]).map(({ id }) => id);
    for (const client of clients) {
      const shown = rooms.filter(({ id }) => client.rooms.get(id)?.favorite).map(({ id }) => id);
      assert.deepEqual(shown, wanted, `seed ${seed}`);
    }
  }
});
