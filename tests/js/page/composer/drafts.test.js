import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts } from "../../../../static/chat/page/composer/drafts.js";
import { fakeHost } from "../../support/page.js";
import { MemoryStorage } from "../../support/storage.js";

/** @type {Set<string>} what would ask before the page is left */
const asking = new Set();
Object.assign(globalThis, {
  addEventListener: (/** @type {string} */ type) => asking.add(type),
  removeEventListener: (/** @type {string} */ type) => asking.delete(type),
});

/** @param {{storage?: MemoryStorage, id?: string, open?: string[]}} [there] */
function drafts({ storage = new MemoryStorage(), id = "", open = [] } = {}) {
  const tabs = {
    id,
    open: () => Promise.resolve((/** @type {string} */ each) => open.includes(each)),
  };
  return new Drafts("ada", fakeHost({ storage, tabs }));
}

test("a draft is there for the next page, until it is empty", () => {
  const storage = new MemoryStorage();
  drafts({ storage }).change("a", { body: "Hello" });
  assert.equal(drafts({ storage }).read("a").body, "Hello");
  assert.equal(drafts({ storage }).read("b").body, "");
  drafts({ storage }).change("a", { body: "" });
  assert.equal(storage.length, 0);
});

test("tabs keep drafts of their own, and one takes over what a closed one left", async () => {
  const storage = new MemoryStorage();
  drafts({ storage, id: "1" }).change("a", { body: "One" });
  const second = drafts({ storage, id: "2", open: ["1", "2"] });
  assert.equal(second.read("a").body, "");
  assert.equal(await second.adopt("a"), null);
  const third = drafts({ storage, id: "3", open: ["2", "3"] });
  assert.equal((await third.adopt("a"))?.body, "One");
  assert.equal(storage.length, 1);
  assert.equal(drafts({ storage, id: "1" }).read("a").body, "");
});

test("one who has something of their own takes nothing over", async () => {
  const storage = new MemoryStorage();
  drafts({ storage, id: "1" }).change("a", { body: "One" });
  const second = drafts({ storage, id: "2", open: ["2"] });
  second.change("a", { body: "Two" });
  assert.equal(await second.adopt("a"), null);
  assert.equal(second.read("a").body, "Two");
});

test("what finds no room in the storage lasts as long as the page, which asks before it goes", () => {
  const storage = new MemoryStorage();
  storage.limit = 0;
  const here = drafts({ storage });
  here.change("a", { body: "Hello" });
  assert.equal(here.read("a").body, "Hello");
  assert.deepEqual([...asking], ["beforeunload"]);
  here.change("a", { body: "" });
  assert.deepEqual([...asking], []);
});

test("where storage is forbidden, too", () => {
  const host = fakeHost();
  Object.defineProperty(host, "storage", {
    get() {
      throw new DOMException("forbidden", "SecurityError");
    },
  });
  const here = new Drafts("ada", host);
  here.change("a", { body: "Hello" });
  assert.equal(here.read("a").body, "Hello");
  here.change("a", { body: "" });
});

test("a changed text is kept by its message, and ends with the change", () => {
  const here = drafts();
  here.change("a", { editing: "m" });
  here.keepEdit("a", "m", "Better");
  here.keepEdit("a", "n", "Other");
  assert.deepEqual(here.read("a").edits, { m: "Better", n: "Other" });
  here.endEdit("a", "n");
  assert.equal(here.read("a").editing, "m");
  here.endEdit("a", "m");
  assert.deepEqual([here.read("a").edits, here.read("a").editing], [{}, null]);
});
