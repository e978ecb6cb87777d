import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test, type TestContext } from "node:test";
import { OutboxStore } from "../../../../static/chat/client/outbox/outbox-store.js";
import type { Unsent } from "../../../../static/chat/client/types.js";
import { EditorStorage } from "../../src/chat/editor-storage.js";
import { OutboxFolder } from "../../src/chat/outbox-folder.js";
import { FolderLocks } from "../../src/files/folder-locks.js";
import { FolderFiles, HOST_FILE } from "../../src/files/kept-files.js";
import { DiskFolder, folderFor, Kept } from "./disk-folder.js";
import type { Change } from "../../src/platform/folder-values.js";

/** One window: its storage, what its host's client hears, and what its page is told. */
async function window(t: TestContext, folder: string) {
  const warnings: string[] = [];
  const disk = new DiskFolder(folder);
  const outbox = new OutboxFolder(disk, (words) => void warnings.push(words));
  const storage = new EditorStorage(outbox, new Kept());
  const heard: (string | null)[] = [];
  storage.addEventListener("storage", (event) => heard.push((event as unknown as Change).newValue));
  const told: (string | null)[] = [];
  storage.changed = ({ newValue }) => void told.push(newValue);
  await outbox.open();
  t.after(() => outbox.close());
  const store = new OutboxStore(storage);
  store.userId = "ada";
  return { disk, outbox, storage, store, heard, told, warnings };
}

const unsent = (client_id: string, body: string) =>
  ({
    client_id,
    room: "r",
    body,
    attachments: [],
    order: 1,
    state: "sending",
    error: null,
  }) as unknown as Unsent;
const bodies = ({ store }: { store: OutboxStore }) =>
  store
    .all()
    .map(({ body }) => body)
    .sort();

test("what the host's client changes its page is told, and the other way round; nobody hears of their own", async (t) => {
  const { storage, outbox, heard, told } = await window(t, await folderFor(t));
  storage.setItem("mediachat.outbox.ada.1", "host");
  await outbox.written();
  assert.deepEqual([heard, told], [[], ["host"]]);
  storage.changeFromPage("mediachat.outbox.ada.2", "page");
  assert.deepEqual([heard, told], [["page"], ["host"]]);
  storage.removeItem("mediachat.outbox.ada.2");
  await outbox.written();
  assert.deepEqual(told, ["host", null]);
  assert.deepEqual(storage.of("ada"), { "mediachat.outbox.ada.1": "host" });
  assert.deepEqual(storage.of("grace"), {});
});

test("a page is told of a message once it is on the disk, so that a window which ends then loses nothing that was seen", async (t) => {
  const folder = await folderFor(t);
  const { storage, outbox, told } = await window(t, folder);
  storage.setItem("mediachat.outbox.ada.1", "it waits");
  assert.deepEqual(told, []);
  await outbox.written();
  assert.deepEqual(told, ["it waits"]);
  assert.equal((await readdir(folder)).length, 1);
  storage.setItem("mediachat.draft.r", "a draft is no promise");
  assert.deepEqual(told, ["it waits", "a draft is no promise"]);
});

test("windows that write at the same moment lose nothing of each other, and each finds what the other wrote", async (t) => {
  const folder = await folderFor(t);
  const [one, two] = [await window(t, folder), await window(t, folder)];
  one.store.put(unsent("1", "one"));
  two.store.put(unsent("2", "two"));
  await Promise.all([one.outbox.written(), two.outbox.written()]);
  await Promise.all([one.outbox.look(), two.outbox.look()]);
  assert.deepEqual(
    [bodies(one), bodies(two)],
    [
      ["one", "two"],
      ["one", "two"],
    ],
  );
  assert.deepEqual([one.heard.length, one.told.length], [1, 2]);
  one.store.put({ ...unsent("1", "one"), state: "failed" });
  await one.outbox.written();
  await two.outbox.look();
  assert.equal(two.store.get("1")?.state, "failed");
  two.store.remove("1");
  await two.outbox.written();
  await one.outbox.look();
  assert.deepEqual(bodies(one), ["two"]);
  assert.equal(one.heard.at(-1), null);
});

test("another window hears that a message was discarded, and not only that it is gone", async (t) => {
  const folder = await folderFor(t);
  const [one, two] = [await window(t, folder), await window(t, folder)];
  one.store.put(unsent("1", "one"));
  await one.outbox.written();
  await two.outbox.look();
  one.store.markDiscarded("1");
  one.store.remove("1");
  await one.outbox.written();
  await one.outbox.look();
  assert.deepEqual(one.outbox.keys(), []);
  await two.outbox.look();
  const newValue = two.heard.at(-1) ?? null;
  assert.equal(
    two.store.discardedBy({ key: "mediachat.outbox.ada.1", oldValue: null, newValue }),
    "1",
  );
  // The editor ends before the file is deleted: the next start does that.
  const three = await window(t, folder);
  assert.deepEqual(three.store.all(), []);
});

test("what is written is there after the end of the host, also what found no room at first", async (t) => {
  const folder = await folderFor(t);
  const first = await window(t, folder);
  first.disk.isFull = true;
  first.store.put(unsent("1", "kept"));
  await first.outbox.written();
  assert.deepEqual(bodies(first), ["kept"]);
  assert.match(first.warnings[0] ?? "", /not stored/);
  first.disk.isFull = false;
  await first.outbox.look();
  first.outbox.close();
  assert.deepEqual(bodies(await window(t, folder)), ["kept"]);
});

test("takes over what earlier versions kept, once", async (t) => {
  const folder = await folderFor(t);
  const { storage, store } = await window(t, folder);
  const everywhere = new Kept();
  everywhere.values.set("storage:mediachat.outbox.ada.1", JSON.stringify(unsent("1", "of before")));
  everywhere.values.set("mediaChat.muted", ["r"]);
  await storage.moveFrom(everywhere);
  assert.deepEqual(everywhere.keys(), ["mediaChat.muted"]);
  assert.deepEqual(
    store.all().map(({ body }) => body),
    ["of before"],
  );
  assert.deepEqual(bodies(await window(t, folder)), ["of before"]);
});

test("files outlive the editor with their names, and those that nobody took for a week do not", async (t) => {
  const folder = await folderFor(t);
  let now = 0;
  const files = () => new FolderFiles(new DiskFolder(folder), () => now);
  const key = `${HOST_FILE}${crypto.randomUUID()}`;
  assert.ok(await files().put(key, new File(["content"], "ä.txt", { type: "text/plain" })));
  const file = await files().get(key);
  assert.deepEqual(
    [file?.name, file?.type, await file?.text()],
    ["ä.txt", "text/plain", "content"],
  );
  await files().deleteOld();
  assert.ok(await files().get(key));
  now = 8 * 24 * 3_600_000;
  await files().deleteOld();
  assert.equal(await files().get(key), null);
  assert.deepEqual(await readdir(folder), []);
});

test("a lock is held by one window at a time, and the next knows what the one before has done", async (t) => {
  const folder = await folderFor(t);
  const said: string[] = [];
  const locks = (name: string) =>
    new FolderLocks(new DiskFolder(folder), {
      entered: () => Promise.resolve(void said.push(`${name} enters`)),
      leaving: () => Promise.resolve(void said.push(`${name} leaves`)),
    });
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let isHeld = () => {};
  const first = new Promise<void>((resolve) => (isHeld = resolve));
  const one = locks("one").request("file", () => {
    isHeld();
    return held;
  });
  await first;
  const two = locks("two").request("file", () => void said.push("two has it"));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual(said, ["one enters"]);
  release();
  await Promise.all([one, two]);
  assert.deepEqual(said, ["one enters", "one leaves", "two enters", "two has it", "two leaves"]);
  assert.deepEqual(await readdir(folder), []);
});
