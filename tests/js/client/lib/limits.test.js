import assert from "node:assert/strict";
import { test } from "node:test";

import { charactersLeft, LIMITS, tooLarge } from "../../../../static/chat/client/lib/limits.js";
import { Uploads } from "../../../../static/chat/page/composer/uploads.js";
import { aClient } from "../../support/fixtures.js";

test("characters are counted as the server counts them", () => {
  assert.equal(charactersLeft("", LIMITS), 20_000);
  assert.equal(charactersLeft("x".repeat(20_001), LIMITS), -1);
  // One code point each, though two units of UTF-16.
  assert.equal(charactersLeft("😀".repeat(10), LIMITS), 19_990);
});

test("what fits by its characters may be too large for a frame", () => {
  assert.ok(charactersLeft("漢".repeat(20_000), LIMITS) >= 0);
  assert.ok(charactersLeft("😀".repeat(18_000), LIMITS) < 0);
  assert.ok(charactersLeft("\u0001".repeat(12_000), LIMITS) < 0);
});

test("the server says what it takes, and an older one is taken to mean what version 1 began with", async () => {
  const { client, server } = aClient();
  assert.deepEqual(client.limits, LIMITS);
  server.limits = { body: 100, upload: 1_024, attachments: 3, frame: 4_096 };
  await client.connect();
  assert.deepEqual(client.limits, server.limits);
  const older = aClient();
  await older.client.connect();
  assert.deepEqual(older.client.limits, LIMITS);
});

test("a file that is too large is told before it is uploaded, and so are too many", async () => {
  let uploads = 0;
  const limits = { ...LIMITS, upload: 2 * 1024 ** 2, attachments: 3 };
  const { client, server } = aClient();
  server.limits = limits;
  server.beforeUpload = () => (uploads++, null);
  await client.connect();
  const tray = new Uploads(client);
  const large = new File([new Uint8Array(2 * 1024 ** 2 + 1)], "large.bin");
  assert.equal(tray.add([large, new File(["x"], "small.txt")]), true);
  assert.deepEqual(
    tray.list.map(({ state }) => state),
    ["failed", "sending"],
  );
  assert.equal(tray.list[0].error?.detail, tooLarge(large, limits));
  assert.match(tooLarge(large, limits), /at most 2 MB/);
  assert.equal(uploads, 1);
  assert.equal(tray.add([new File(["x"], "3.txt"), new File(["x"], "4.txt")]), false);
  assert.equal(tray.list.length, 3);
});
