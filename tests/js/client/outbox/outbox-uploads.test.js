/** Messages that wait for their files. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatError } from "../../../../static/chat/client/lib/errors.js";
import { unknownAttachment } from "../../../../static/chat/client/message-log/feed-message.js";
import { FileUpload } from "../../../../static/chat/client/uploads/file-upload.js";
import { aClientInARoom, bodies, heard } from "../../support/fixtures.js";
import { settled } from "../../support/clock.js";
import { MemoryStorage } from "../../support/storage.js";

/** @typedef {Awaited<ReturnType<typeof aClientInARoom>>} World */

/** A world in which files wait until they are let through, or fail. @param {Parameters<typeof aClientInARoom>[0]} [given] */
async function slow(given) {
  const world = await aClientInARoom({ messages: 0, ...given });
  /** @type {Map<string, {done: () => void, fail: (error: Error) => void}>} */
  const underway = new Map();
  world.server.beforeUpload = (file) =>
    new Promise((resolve, reject) =>
      underway.set(file.name, { done: () => resolve(null), fail: reject }),
    );
  /** @param {string} name */
  const attach = (name) => world.client.uploads.add(new File([name], name));
  /** @param {string} name @param {Error} [error] */
  const finish = (name, error) => {
    const file = underway.get(name);
    if (error) file?.fail(error);
    else file?.done();
    return settled();
  };
  return { ...world, attach, finish, underway };
}

/** @param {World["room"]} room */
const stored = (room) =>
  room.messages.map(({ body, attachments }) => [body, ...attachments.map(({ name }) => name)]);

test("a message waits for its files, and the later ones of its room for the message", async () => {
  const { client, room, feed, attach, finish } = await slow();
  client.sendMessage(room.id, {
    body: "with files",
    attachments: [attach("a.txt"), attach("b.txt")],
  });
  client.sendMessage(room.id, { body: "after it" });
  await settled();
  assert.deepEqual(room.messages, []);
  assert.deepEqual(bodies(feed), ["with files", "after it"]);
  assert.deepEqual(
    feed.messages[0].attachments.map(({ name }) => name),
    ["a.txt", "b.txt"],
  );
  assert.deepEqual(
    feed.messages.map(({ behind }) => behind),
    [false, true],
  );
  assert.deepEqual(
    feed.messages[0].uploads?.map(({ state }) => state),
    ["sending", "sending"],
  );
  await finish("b.txt");
  assert.equal(feed.messages[0].uploading?.length, 1);
  await finish("a.txt");
  assert.deepEqual(stored(room), [["with files", "a.txt", "b.txt"], ["after it"]]);
  assert.deepEqual(client.unsent, []);
});

test("rooms do not wait for each other's files", async () => {
  const { client, room, server, attach } = await slow();
  const other = server.open({ name: "other" });
  client.sendMessage(room.id, { attachments: [attach("a.txt")] });
  client.sendMessage(other.id, { body: "at once" });
  await settled();
  assert.deepEqual(stored(other), [["at once"]]);
});

test("files that are there before the connection go with it, in order", async () => {
  const { client, room, server, clock, attach, finish } = await slow();
  server.isUp = false;
  server.last.end(1006);
  await settled();
  client.sendMessage(room.id, { body: "one", attachments: [attach("a.txt")] });
  await finish("a.txt");
  client.sendMessage(room.id, { body: "two" });
  server.isUp = true;
  await clock.pass(30_000);
  assert.deepEqual(stored(room), [["one", "a.txt"], ["two"]]);
});

test("a message whose file did not arrive has failed for that, and can be discarded or written again", async () => {
  const { client, room, attach, finish } = await slow();
  const clientId = client.sendMessage(room.id, {
    body: "words",
    attachments: [attach("a.txt"), attach("b.txt")],
  });
  client.sendMessage(room.id, { body: "after it" });
  await finish("a.txt");
  await finish("b.txt", new ChatError("unauthenticated", "Not this."));
  assert.deepEqual(
    client.unsent.map(({ state, error }) => [state, error?.detail]),
    [["failed", "Not this."]],
  );
  assert.deepEqual(stored(room), [["after it"]]);
  const { attachments, uploads } = client.takeBack(clientId);
  assert.deepEqual(
    [attachments.map(({ name }) => name), uploads.map(({ name }) => name)],
    [["a.txt"], ["b.txt"]],
  );
  assert.deepEqual(client.unsent, []);
  assert.equal(uploads[0].abort.signal.aborted, false);
});

test("a file that failed for want of a connection is uploaded with the next, and its message is sent", async () => {
  const { client, room, server, clock, attach, finish } = await slow();
  client.sendMessage(room.id, { body: "words", attachments: [attach("a.txt")] });
  // For half an hour the proxy before the server answers sockets, and no uploads.
  server.beforeUpload = () => Promise.reject(new ChatError("network", "Not reached."));
  await finish("a.txt", new ChatError("network", "Not reached."));
  await clock.pass(33 * 60_000);
  assert.equal(client.unsent[0].state, "failed");
  server.beforeUpload = () => null;
  server.last.end(1006);
  await clock.pass(60_000);
  assert.deepEqual(stored(room), [["words", "a.txt"]]);
});

test("Retry uploads what failed", async () => {
  const { client, room, server, attach, finish } = await slow();
  const clientId = client.sendMessage(room.id, { body: "words", attachments: [attach("a.txt")] });
  await finish("a.txt", new ChatError("unauthenticated", "Sign in."));
  client.retry(clientId);
  await settled();
  assert.equal(client.unsent[0].state, "sending");
  await finish("a.txt");
  assert.deepEqual(stored(room), [["words", "a.txt"]]);
  assert.equal(server.uploads.size, 1);
});

test("a message that is discarded ends its uploads, and lets the others go", async () => {
  const { client, room, attach, underway } = await slow();
  const upload = attach("a.txt");
  const clientId = client.sendMessage(room.id, { body: "words", attachments: [upload] });
  client.sendMessage(room.id, { body: "after it" });
  await settled();
  client.discard(clientId);
  await settled();
  assert.equal(upload.abort.signal.aborted, true);
  assert.deepEqual(stored(room), [["after it"]]);
  assert.equal(underway.size, 1);
});

test("a program that has no database leaves another page's files to it, and holds up nobody", async () => {
  const storage = new MemoryStorage();
  const page = await slow({ storage });
  const { room, server, clock } = page;
  page.client.sendMessage(room.id, { body: "the page's", attachments: [page.attach("a.txt")] });
  await settled();
  const events = new EventTarget();
  const program = await aClientInARoom({ storage, events, server, clock, messages: 0 });
  program.client.sendMessage(room.id, { body: "the program's" });
  await clock.pass(60_000);
  assert.deepEqual(stored(room), [["the program's"]]);
  assert.deepEqual(
    program.client.unsent.map(({ state }) => state),
    ["sending"],
  );
  await page.finish("a.txt");
  await settled();
  assert.deepEqual(stored(room), [["the program's"], ["the page's", "a.txt"]]);
});

test("a message goes without a file that the server does not keep, which is told, unless nothing else is left", async () => {
  const { client, room, attach, finish } = await slow();
  const leftOut = heard(client, "left-out");
  const [kept, refused] = [attach("a.txt"), attach("b.txt")];
  client.sendMessage(room.id, { attachments: [kept, refused] });
  await finish("b.txt", new ChatError("unsupported_media", "Not this."));
  await finish("a.txt");
  assert.deepEqual(stored(room), [["", "a.txt"]]);
  assert.deepEqual(leftOut, [{ room: room.id, upload: refused }]);
  assert.equal(refused.isRefused, true);

  client.sendMessage(room.id, { attachments: [attach("c.txt")] });
  await finish("c.txt", new ChatError("too_large", "Too large."));
  assert.deepEqual(
    client.unsent.map(({ state, error }) => [state, error?.code]),
    [["failed", "too_large"]],
  );
});

test("a file that another program uploads is followed at once, and what comes after it waits in order", async () => {
  const key = `host-${crypto.randomUUID()}`;
  /** @type {import("../../../../static/chat/client/uploads/file-upload.js").FileUpload[]} */
  const followed = [];
  const nothing = () => {};
  const uploadsElsewhere = {
    has: (/** @type {string} */ each) => each.startsWith("host-"),
    follow: (/** @type {{key: string, name: string, size: number}} */ file) => {
      followed.push(
        new FileUpload(
          { begin: nothing, cancel: nothing, retry: nothing },
          { ...file, file: null },
        ),
      );
      return followed[0];
    },
  };
  const storage = new MemoryStorage();
  const events = new EventTarget();
  const { client, room, feed, server, clock } = await slow({ storage, events, uploadsElsewhere });
  server.isUp = false;
  server.connections[0].end(1006);
  await settled();
  const attachment = { ...unknownAttachment(key), name: "shared.txt", size: 3 };
  const entry = {
    client_id: crypto.randomUUID(),
    room: room.id,
    body: "from the host",
    attachments: [attachment],
    uploading: [key],
  };
  const stored = {
    ...entry,
    reply_to: null,
    quote: null,
    created_at: "2026-01-01T00:00:00Z",
    order: 1,
    state: "sending",
    error: null,
  };
  const name = `mediachat.outbox.${client.me?.id}.${entry.client_id}`;
  storage.setItem(name, JSON.stringify(stored));
  events.dispatchEvent(
    Object.assign(new Event("storage"), {
      key: name,
      oldValue: null,
      newValue: JSON.stringify(stored),
    }),
  );
  assert.deepEqual(bodies(feed), ["from the host"]);
  assert.deepEqual(
    feed.messages[0].uploads?.map((upload) => upload.name),
    ["shared.txt"],
  );
  client.sendMessage(room.id, { body: "after it" });
  server.isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(room.messages, []);
  // The server has it by the program that uploads it.
  server.beforeUpload = async () => null;
  const uploaded = await client.upload(new File(["abc"], "shared.txt"));
  followed[0].become({ state: "done", sent: 3, attachment: uploaded });
  await clock.pass(5_000);
  assert.deepEqual(
    room.messages.map(({ body }) => body),
    ["from the host", "after it"],
  );
  assert.deepEqual(client.unsent, []);
});

test("who signs out leaves what is unsent to their next client, with its files", async () => {
  const storage = new MemoryStorage();
  /** @type {Map<string, File>} */
  const stored = new Map();
  const files = {
    isThere: true,
    prefix: "host-",
    put: async (/** @type {string} */ key, /** @type {File} */ file) =>
      Boolean(stored.set(key, file)),
    get: async (/** @type {string} */ key) => stored.get(key) ?? null,
    delete: async (/** @type {string} */ key) => void stored.delete(key),
    deleteOld: async () => {},
  };
  /** @type {Promise<unknown>} */
  let held = Promise.resolve();
  /** One lock is all that this needs. @type {any} */
  const locks = {
    request: (/** @type {string} */ _name, /** @type {() => Promise<unknown>} */ run) =>
      (held = held.then(run)),
  };
  const before = await slow({ storage, files, locks });
  before.client.sendMessage(before.room.id, {
    body: "with a file",
    attachments: [before.attach("a.txt")],
  });
  await settled();
  before.client.leave();
  await before.finish("a.txt", new ChatError("unauthenticated", "Sign in again."));
  assert.deepEqual([stored.size, before.room.messages.length], [1, 0]);
  const after = await aClientInARoom({
    storage,
    files,
    locks,
    server: before.server,
    clock: before.clock,
    messages: 0,
  });
  await settled();
  await before.finish("a.txt");
  await before.clock.pass(5_000);
  assert.deepEqual(
    before.room.messages.map(({ body, attachments }) => [body, attachments.length]),
    [["with a file", 1]],
  );
  assert.deepEqual([after.client.unsent, stored.size], [[], 0]);
});
