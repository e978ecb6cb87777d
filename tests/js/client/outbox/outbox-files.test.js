/** Unsent messages whose uploads the server does not have, as after a restore from a backup. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatError } from "../../../../static/chat/client/lib/errors.js";
import { aClientInARoom, bodies } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { MemoryStorage } from "../../support/storage.js";

/** @typedef {Awaited<ReturnType<typeof aClientInARoom>>} World */

const aFile = (name = "notes.txt") => new File(["words"], name, { type: "text/plain" });

/** The server is restored, and the client writes before it is back. @param {World} world @param {() => void} write */
async function restored({ server, clock, room }, write) {
  server.restore(room, room.messages.length);
  await settled();
  write();
  await clock.pass(60_000);
  await settled();
}

/** @param {World} world @param {string[]} names */
const uploaded = ({ client }, ...names) =>
  Promise.all(names.map((name) => client.upload(aFile(name))));

/** @param {World} world */
const files = ({ room }) => room.messages.at(-1)?.attachments.map(({ name }) => name);

test("files that the restored server does not know are uploaded again, and the message is sent", async () => {
  const world = await aClientInARoom({ messages: 1, storage: new MemoryStorage() });
  const { client, room } = world;
  const attachments = await uploaded(world, "one.txt", "two.txt");
  await restored(world, () => {
    client.sendMessage(room.id, { body: "with files", attachments });
    client.sendMessage(room.id, { body: "after it" });
  });
  assert.deepEqual(client.unsent, []);
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["message 1", "with files", "after it"],
  );
  assert.deepEqual(
    room.messages[1].attachments.map(({ name }) => name),
    ["one.txt", "two.txt"],
  );
});

test("files that the server deleted for another reason are uploaded again, too", async () => {
  const world = await aClientInARoom({ messages: 0 });
  const attachments = await uploaded(world, "one.txt");
  world.server.uploads.clear();
  world.client.sendMessage(world.room.id, { attachments });
  await settled();
  assert.deepEqual(files(world), ["one.txt"]);
});

test("a reply to a lost message with lost files is sent with its files and without its quote", async () => {
  const world = await aClientInARoom({ messages: 20 });
  const { client, server, room, feed } = world;
  const attachments = await uploaded(world, "one.txt");
  const lost = feed.messages[14];
  server.refuse = ({ reply_to }) =>
    reply_to === lost.id ? { code: "not_found", detail: "Not here." } : null;
  await restored(world, () =>
    client.sendMessage(room.id, { body: "a reply", replyTo: lost, attachments }),
  );
  assert.deepEqual(files(world), ["one.txt"]);
  assert.equal(room.messages.at(-1)?.reply_to, null);
});

test("a reply whose files were lost stays a reply", async () => {
  const world = await aClientInARoom({ messages: 3 });
  const { client, room, feed } = world;
  const attachments = await uploaded(world, "one.txt");
  await restored(world, () =>
    client.sendMessage(room.id, { body: "a reply", replyTo: feed.messages[1], attachments }),
  );
  assert.deepEqual(files(world), ["one.txt"]);
  assert.equal(room.messages.at(-1)?.reply_to, room.messages[1].id);
});

test("after a reload the files are gone: the message says so, and holds up no other", async () => {
  const storage = new MemoryStorage();
  const earlier = await aClientInARoom({ messages: 1, storage });
  const { server, clock, room } = earlier;
  const attachments = await uploaded(earlier, "one.txt");
  earlier.client.disconnect();
  earlier.client.sendMessage(room.id, { body: "with a file", attachments });
  server.restore(room, 1);
  const { client, feed } = await aClientInARoom({ storage, server, clock, messages: 0 });
  client.sendMessage(room.id, { body: "after it" });
  await settled();
  const [failed] = client.unsent;
  assert.equal(failed.state, "failed");
  assert.equal(failed.error?.code, "files_lost");
  assert.match(
    failed.error?.detail ?? "",
    /no longer has the file of this message. Attach it again/,
  );
  assert.deepEqual(bodies(feed), ["message 1", "after it", "with a file"]);
});

test("what another tab could not send is sent by the one that has the files", async () => {
  const storage = new MemoryStorage();
  const tab = async (/** @type {Partial<World>} */ given = {}) => {
    const events = new EventTarget();
    return { events, ...(await aClientInARoom({ ...given, storage, events, messages: 0 })) };
  };
  const first = await tab();
  const { server, clock, room } = first;
  const second = await tab({ server, clock });
  const attachments = await uploaded(first, "one.txt");
  server.restore(room, 0);
  await settled();
  first.client.sendMessage(room.id, { body: "with a file", attachments });
  const key = storage.key(0);
  // The first tab comes back last.
  first.client.disconnect();
  await clock.pass(60_000);
  assert.equal(second.client.unsent[0].state, "failed");
  first.events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  await first.client.connect();
  await settled();
  assert.deepEqual(files(first), ["one.txt"]);
  assert.equal(storage.length, 0);
});

test("what another tab says of a message does not end the upload", async () => {
  const storage = new MemoryStorage();
  const events = new EventTarget();
  const world = await aClientInARoom({ storage, events, messages: 0 });
  const { client, server, room } = world;
  const attachments = await uploaded(world, "one.txt");
  server.uploads.clear();
  /** @type {(value: null) => void} */
  let goOn = () => {};
  const held = new Promise((resolve) => (goOn = resolve));
  server.beforeUpload = () => held;
  client.sendMessage(room.id, { body: "with a file", attachments });
  await settled();
  const key = /** @type {string} */ (storage.key(0));
  const entry = JSON.parse(storage.getItem(key) ?? "");
  assert.deepEqual([entry.state, entry.error.code], ["sending", "files_lost"]);
  storage.setItem(key, JSON.stringify({ ...entry, state: "failed" }));
  events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  assert.equal(client.unsent[0].state, "sending");
  goOn(null);
  await settled();
  assert.deepEqual(files(world), ["one.txt"]);
});

test("a refusal that another tab has answered with new files fails nothing", async () => {
  const storage = new MemoryStorage();
  const events = new EventTarget();
  const other = await aClientInARoom({ storage, messages: 0 });
  const { server, clock, room } = other;
  const [lost] = await uploaded(other, "one.txt");
  const [renewed] = await uploaded(other, "one.txt");
  server.uploads.delete(lost.id);
  const world = await aClientInARoom({ storage, events, server, clock, messages: 0 });
  server.last.holds = (type) => type === "error";
  // As after a reload: this tab has no file of it.
  world.client.sendMessage(room.id, { body: "with a file", attachments: [{ ...lost }] });
  await settled();
  const key = /** @type {string} */ (storage.key(0));
  const entry = JSON.parse(storage.getItem(key) ?? "");
  storage.setItem(key, JSON.stringify({ ...entry, attachments: [renewed] }));
  events.dispatchEvent(Object.assign(new Event("storage"), { key }));
  server.last.release();
  await settled();
  assert.deepEqual(files(world), ["one.txt"]);
  assert.equal(storage.length, 0);
});

test("a message that is discarded while its files are uploaded again is not sent, and the upload ends", async () => {
  const world = await aClientInARoom({ messages: 0 });
  const { client, server, room } = world;
  const attachments = await uploaded(world, "one.txt");
  server.uploads.clear();
  /** @type {AbortSignal | undefined} */
  let uploading;
  server.beforeUpload = (_file, signal) => ((uploading = signal), new Promise(() => {}));
  const clientId = client.sendMessage(room.id, { body: "with a file", attachments });
  client.sendMessage(room.id, { body: "after it" });
  await settled();
  assert.equal(uploading?.aborted, false);
  client.discard(clientId);
  await settled();
  assert.equal(uploading?.aborted, true);
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["after it"],
  );
  assert.deepEqual(client.unsent, []);
});

test("where it is refused all the same it has failed for what the server says, and Retry tries all of it", async () => {
  const world = await aClientInARoom({ messages: 0 });
  const { client, server, room } = world;
  const attachments = await uploaded(world, "one.txt");
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "not_found", detail: "No." } : null;
  const clientId = client.sendMessage(room.id, { body: "with a file", attachments });
  await settled();
  assert.equal(server.commands("message.send").length, 2);
  assert.equal(server.uploads.size, 2);
  assert.deepEqual(client.unsent[0].error, { code: "not_found", detail: "No." });
  server.refuse = () => null;
  server.uploads.clear();
  client.retry(clientId);
  await settled();
  assert.deepEqual(files(world), ["one.txt"]);
});

test("a second restore has the files uploaded once more", async () => {
  const world = await aClientInARoom({ messages: 0 });
  const { client, server, room, clock } = world;
  const attachments = await uploaded(world, "one.txt");
  let sends = 0;
  // Restored the second time after the files are there, and before the message is.
  server.refuse = ({ type }) => {
    if (type === "message.send" && ++sends === 2) server.restore(room, 0);
    return null;
  };
  await restored(world, () => client.sendMessage(room.id, { body: "with a file", attachments }));
  await clock.pass(60_000);
  assert.deepEqual(files(world), ["one.txt"]);
});

test("a file that is refused when it is uploaded again says why", async () => {
  const world = await aClientInARoom({ messages: 0 });
  const { client, server, room } = world;
  const attachments = await uploaded(world, "one.txt");
  server.uploads.clear();
  server.beforeUpload = () =>
    Promise.reject(new ChatError("quota_exceeded", "You have no room left."));
  const clientId = client.sendMessage(room.id, { attachments });
  await settled();
  assert.deepEqual(client.unsent[0].error, {
    code: "quota_exceeded",
    detail: "You have no room left.",
  });
  server.beforeUpload = () => null;
  client.retry(clientId);
  await settled();
  assert.deepEqual(files(world), ["one.txt"]);
});

test("a message for a room that is gone has nothing to do with its files", async () => {
  const world = await aClientInARoom({ messages: 0 });
  const { client, server, room, clock } = world;
  const attachments = await uploaded(world, "one.txt");
  server.restore(room, 0);
  server.rooms.delete(room.id);
  server.refuse = ({ type }) =>
    type === "message.send" ? { code: "not_found", detail: "No." } : null;
  await settled();
  client.sendMessage(room.id, { body: "with a file", attachments });
  await clock.pass(60_000);
  assert.equal(client.unsent[0].error?.code, "not_found");
  assert.equal(server.uploads.size, 0);
});

test("a program that names files by their ids is told what the server says", async () => {
  const { client, room } = await aClientInARoom({ messages: 0 });
  const command = { body: "", attachments: [crypto.randomUUID()], reply_to: null };
  await assert.rejects(
    client.send(/** @type {any} */ ({ type: "message.send", room: room.id, ...command })),
    { code: "not_found" },
  );
});
