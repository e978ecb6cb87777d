import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatError } from "../../../../static/chat/client/lib/errors.js";
import { FileStore } from "../../../../static/chat/client/uploads/file-store.js";
import { FileUploads } from "../../../../static/chat/client/uploads/file-uploads.js";
import { LIMITS } from "../../../../static/chat/client/lib/limits.js";
import { Uploads } from "../../../../static/chat/page/composer/uploads.js";
import { Retries } from "../../../../static/chat/client/retry/retries.js";
import { uploadWithRetries } from "../../../../static/chat/client/retry/retried-upload.js";
import { Clock, settled } from "../../support/clock.js";

/** @param {(file: File) => Promise<any>} upload */
const uploadsBy = (upload) =>
  new FileUploads({
    upload,
    limits: () => LIMITS,
    store: new FileStore(undefined, () => 0),
    tryNow: () => {},
  });

/** A server's uploads: how many are under way, how many were at once. */
class Uploading {
  limits = LIMITS;
  uploads = uploadsBy((file) => this.upload(file));
  /** @type {(() => void)[]} */
  under = [];
  most = 0;

  /** @type {(file: File) => Promise<any>} */
  upload = () =>
    new Promise((resolve) => {
      this.under.push(() => resolve({ id: "a" }));
      this.most = Math.max(this.most, this.under.length);
    });

  finish() {
    this.under.shift()?.();
    return settled();
  }
}

/** @param {number} count */
const files = (count) => Array.from({ length: count }, (_, n) => new File(["x"], `${n}.txt`));

test("files of all rooms together go up three at a time", async () => {
  const server = new Uploading();
  const client = /** @type {any} */ (server);
  const [here, there] = [new Uploads(client), new Uploads(client)];
  here.add(files(5));
  there.add(files(4));
  for (let n = 0; n < 9; n++) await server.finish();
  assert.equal(server.most, 3);
  assert.equal(here.attachments.length, 5);
  assert.equal(there.attachments.length, 4);
});

test("files that are taken back hold up no other room", async () => {
  const server = new Uploading();
  const client = /** @type {any} */ (server);
  const [here, there] = [new Uploads(client), new Uploads(client)];
  here.add(files(4));
  for (const upload of here.list) here.remove(upload);
  there.add(files(2));
  assert.equal(there.attachments.length, 0);
  for (let n = 0; n < 5; n++) await server.finish();
  assert.equal(there.attachments.length, 2);
});

/**
 * @param {() => Promise<any>} upload
 * @param {{signal?: AbortSignal, isAway?: () => boolean}} [options]
 */
function withRetries(upload, { signal, isAway = () => false } = {}) {
  const clock = new Clock();
  const { monotonic, setTimer } = clock;
  const retries = new Retries({ setTimer, random: () => 0.5, changed: () => {} });
  /** @type {string[]} */
  const waits = [];
  const onWait = (/** @type {ChatError} */ { code }) => waits.push(code);
  const done = uploadWithRetries(upload, { signal, monotonic, retries, isAway, onWait });
  return { clock, done, waits, retries };
}

const tooMany = () => Promise.reject(new ChatError("rate_limited", "You upload four already."));

test("one upload too many is tried again until there is room", async () => {
  let tries = 0;
  const { clock, done } = withRetries(() => (++tries < 4 ? tooMany() : Promise.resolve("stored")));
  await clock.pass(60_000);
  assert.equal(await done, "stored");
  assert.equal(tries, 4);
});

test("the server is left alone for as long as it wants", async () => {
  let tries = 0;
  const busy = new ChatError("rate_limited", "Wait.", { retryAfter: 45 });
  const { clock, done } = withRetries(() =>
    ++tries < 2 ? Promise.reject(busy) : Promise.resolve("stored"),
  );
  await clock.pass(44_000);
  assert.equal(tries, 1);
  await clock.pass(3_000);
  assert.equal(await done, "stored");
});

test("an upload that never gets room says so in the end", async () => {
  const { clock, done } = withRetries(tooMany);
  const refused = assert.rejects(done, { code: "rate_limited" });
  await clock.pass(32 * 60_000);
  await refused;
});

for (const code of ["server_error", "network", "timeout"]) {
  test(`an upload that meets ${code} is tried again, and says so`, async () => {
    let isDown = true;
    const { clock, done, waits } = withRetries(() =>
      isDown ? Promise.reject(new ChatError(code, "No.")) : Promise.resolve("stored"),
    );
    await clock.pass(40_000);
    assert.ok(waits.length > 1 && waits.every((each) => each === code), String(waits));
    isDown = false;
    await clock.pass(60_000);
    assert.equal(await done, "stored");
  });
}

test("what fails once more when the server is back does not wait for long again", async () => {
  let failures = 0;
  let left = Infinity;
  const { clock, done, retries } = withRetries(() =>
    left-- > 0
      ? Promise.reject(new ChatError("server_error", `${++failures}`))
      : Promise.resolve("stored"),
  );
  await clock.pass(10 * 60_000);
  left = 1;
  retries.wake();
  await clock.pass(3_000);
  assert.equal(await Promise.race([done, Promise.resolve("waits")]), "stored");
});

test("the time without a connection does not count", async () => {
  let isAway = true;
  const fails = () => Promise.reject(new ChatError("network", "Not reached."));
  const { clock, done } = withRetries(fails, { isAway: () => isAway });
  /** @type {string[]} */
  const ends = [];
  done.catch(({ code }) => ends.push(code));
  await clock.pass(3 * 60 * 60_000);
  assert.deepEqual(ends, []);
  isAway = false;
  await clock.pass(32 * 60_000);
  assert.deepEqual(ends, ["network"]);
});

for (const way of ["is set forward", "goes on while the machine sleeps"]) {
  test(`a clock that ${way} does not end an upload`, async () => {
    let isDown = true;
    const { clock, done } = withRetries(() =>
      isDown ? Promise.reject(new ChatError("server_error", "No.")) : Promise.resolve("stored"),
    );
    await clock.pass(5_000);
    if (way === "is set forward") clock.setWallClock(40 * 60_000);
    else clock.sleep(40 * 60_000, { standsStill: false });
    await clock.pass(60_000);
    isDown = false;
    await clock.pass(62_000);
    assert.equal(await done, "stored");
  });
}

test("other refusals are not tried again", async () => {
  let tries = 0;
  const { done } = withRetries(() => {
    tries++;
    return Promise.reject(new ChatError("too_large", "At most 100 MB."));
  });
  await assert.rejects(done, { code: "too_large" });
  assert.equal(tries, 1);
});

test("an upload that waits can be cancelled", async () => {
  const abort = new AbortController();
  const { done } = withRetries(tooMany, { signal: abort.signal });
  await settled();
  abort.abort();
  await assert.rejects(done, { code: "aborted" });
});

test("what the restored server may not know is uploaded again, and waits for its turn", async () => {
  const server = new Uploading();
  const uploads = new Uploads(/** @type {any} */ (server));
  const earlier = /** @type {any} */ ({ id: "earlier", name: "of an earlier page.txt", size: 1 });
  uploads.restore({ attachments: [earlier], files: [] });
  uploads.add(files(2));
  await server.finish();
  assert.deepEqual(
    uploads.list.map(({ state }) => state),
    ["done", "done", "sending"],
  );
  uploads.uploadAgain();
  // Of the first there is no file any more, and the last is on its way.
  assert.deepEqual(
    uploads.list.map(({ state }) => state),
    ["done", "sending", "sending"],
  );
  assert.deepEqual(uploads.attachments, [earlier]);
  await server.finish();
  await server.finish();
  assert.deepEqual(
    uploads.list.map(({ state }) => state),
    ["done", "done", "done"],
  );
});

test("a file that failed is not uploaded again by itself", async () => {
  const client = /** @type {any} */ ({
    limits: LIMITS,
    uploads: uploadsBy(() => Promise.reject(new ChatError("too_large", "At most 25 MB."))),
  });
  const uploads = new Uploads(client);
  uploads.add(files(1));
  await settled();
  uploads.uploadAgain();
  assert.deepEqual(
    uploads.list.map(({ state }) => state),
    ["failed"],
  );
});

test("what failed for want of a connection is tried again with the next one, and nothing else", async () => {
  /** @type {string[]} */
  const tried = [];
  const codes = new Map([
    ["0.txt", "network"],
    ["1.txt", "unsupported_media"],
    ["2.txt", "timeout"],
  ]);
  let isBack = false;
  const uploads = uploadsBy(async ({ name }) => {
    tried.push(name);
    if (!isBack) throw new ChatError(codes.get(name) ?? "", "No.");
    return { id: name };
  });
  const tray = new Uploads(/** @type {any} */ ({ limits: LIMITS, uploads }));
  tray.add(files(3));
  await settled();
  assert.deepEqual(
    tray.list.map(({ state }) => state),
    ["failed", "failed", "failed"],
  );
  isBack = true;
  tried.length = 0;
  uploads.retryFailed();
  await settled();
  assert.deepEqual(tried, ["0.txt", "2.txt"]);
  assert.deepEqual(
    tray.list.map(({ state }) => state),
    ["done", "failed", "done"],
  );
  tray.remove(tray.list[1]);
  uploads.retryFailed();
  await settled();
  assert.deepEqual(tried, ["0.txt", "2.txt"]);
});

test("what the server cannot keep stays and holds back nothing, and what it was not asked for does", async () => {
  for (const [code, holds] of /** @type {[string, boolean][]} */ ([
    ["too_large", false],
    ["network", true],
  ])) {
    const uploads = uploadsBy(({ name }) =>
      name === "0.txt" ? Promise.reject(new ChatError(code, "no")) : Promise.resolve({ id: name }),
    );
    const tray = new Uploads(/** @type {any} */ ({ limits: LIMITS, uploads }));
    tray.add(files(2));
    await settled();
    assert.equal(tray.failed, holds);
    assert.deepEqual(
      tray.take().map(({ name }) => name),
      holds ? ["0.txt", "1.txt"] : ["1.txt"],
    );
    assert.deepEqual(
      tray.list.map(({ name }) => name),
      holds ? [] : ["0.txt"],
    );
  }
});
