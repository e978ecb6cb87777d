import assert from "node:assert/strict";
import { test } from "node:test";
import { keepPlace, placeIn } from "../../../../static/chat/page/messages/scroll-positions.js";
import { fakeHost } from "../../support/page.js";
import { MemoryStorage } from "../../support/storage.js";

test("a place is kept by its room, and the end of a room is none", () => {
  const host = fakeHost();
  keepPlace(host, "a", { number: 7, offset: -3, newest: 9 });
  assert.deepEqual(placeIn(host, "a"), { number: 7, offset: -3, newest: 9 });
  assert.equal(placeIn(host, "b"), null);
  keepPlace(host, "a", null);
  assert.equal(placeIn(host, "a"), null);
});

test("after a reload what is unread comes first", () => {
  const tabStorage = new MemoryStorage();
  keepPlace(fakeHost({ tabStorage }), "a", { number: 7, offset: -3, newest: 9 });
  assert.deepEqual(placeIn(fakeHost({ tabStorage }), "a"), { number: 7, offset: -3, newest: 0 });
});

test("the rooms that were left last outlast a reload", () => {
  const tabStorage = new MemoryStorage();
  const host = fakeHost({ tabStorage });
  for (let n = 0; n < 60; n += 1) keepPlace(host, `room ${n}`, { number: n, offset: 0, newest: n });
  const next = fakeHost({ tabStorage });
  assert.equal(placeIn(next, "room 9"), null);
  assert.equal(placeIn(next, "room 10")?.number, 10);
  assert.equal(placeIn(next, "room 59")?.number, 59);
});

test("where storage is forbidden a place lasts as long as the page", () => {
  const host = fakeHost();
  Object.defineProperty(host, "tabStorage", {
    get() {
      throw new DOMException("forbidden", "SecurityError");
    },
  });
  keepPlace(host, "a", { number: 7, offset: 0, newest: 9 });
  assert.equal(placeIn(host, "a")?.number, 7);
});
