import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, Room } from "../../../../static/chat/protocol.js";
import { JoinedCalls } from "../../src/notifications/joined-calls.js";
import { inParts, nextOf } from "../../src/rooms/order.js";

const room = (id: string, read = 0, unread = 0) =>
  ({ id, read, unread, role: "member" }) as unknown as Room;
const message = (number: number, more: Partial<Message> = {}) =>
  ({ id: `m${number}`, number, room: "a", deleted: false, ...more }) as Message;
const known = (...rooms: Room[]) => new Map(rooms.map((each) => [each.id, each]));
const numbers = (calls: JoinedCalls, id: string) =>
  calls.in(id)?.messages.map(({ number }) => number);
const loud = () => true;

test("what calls is joined by room, each message once", () => {
  const calls = new JoinedCalls();
  for (const number of [1, 2, 2, 3]) calls.add(room("a"), message(number));
  calls.add(room("b"), message(1));
  assert.deepEqual([numbers(calls, "a"), numbers(calls, "b")], [[1, 2, 3], [1]]);
});

test("what was read calls no more, and what came after it does", () => {
  const calls = new JoinedCalls();
  for (const number of [1, 2, 3]) calls.add(room("a"), message(number));
  assert.deepEqual(calls.settle(known(room("a")), loud), []);
  assert.deepEqual(calls.settle(known(room("a", 2)), loud), ["a"]);
  assert.deepEqual(numbers(calls, "a"), [3]);
  assert.deepEqual(calls.settle(known(room("a", 3)), loud), ["a"]);
  assert.equal(calls.in("a"), undefined);
  calls.add(room("a", 3), message(4));
  assert.deepEqual(numbers(calls, "a"), [4]);
});

test("a room that was muted or left calls no more", () => {
  const calls = new JoinedCalls();
  for (const id of ["muted", "left", "other"]) calls.add(room(id), message(1));
  assert.deepEqual(
    calls.settle(known(room("muted"), room("other")), (_message, id) => id !== "muted"),
    ["muted", "left"],
  );
  assert.deepEqual(numbers(calls, "other"), [1]);
});

test("what somebody wrote who was blocked since calls no more", () => {
  const calls = new JoinedCalls();
  calls.add(room("a"), message(1, { sender: "grace" }));
  calls.add(room("a"), message(2, { sender: "alan" }));
  assert.deepEqual(
    calls.settle(known(room("a")), ({ sender }) => sender !== "grace"),
    ["a"],
  );
  assert.deepEqual(numbers(calls, "a"), [2]);
});

test("an edited message calls as it is now, and a deleted one no more", () => {
  const calls = new JoinedCalls();
  for (const number of [1, 2]) calls.add(room("a"), message(number));
  assert.equal(calls.change(message(2, { html: "new" })), true);
  assert.equal(calls.in("a")?.messages.at(-1)?.html, "new");
  assert.equal(calls.change(message(2, { deleted: true })), true);
  assert.deepEqual(numbers(calls, "a"), [1]);
  assert.equal(calls.change(message(2, { deleted: true })), false);
  assert.equal(calls.change(message(1, { room: "b" })), false);
  calls.change(message(1, { deleted: true }));
  assert.equal(calls.in("a"), undefined);
});

test("after the person closed a notification, the next one counts from one", () => {
  const calls = new JoinedCalls();
  calls.add(room("a"), message(1));
  calls.drop("a");
  calls.add(room("a"), message(2));
  assert.deepEqual(numbers(calls, "a"), [2]);
});

const parts = (inSight: string | null, recent: string[]) => {
  const rooms = ["a", "b", "c", "d", "e", "f", "g", "h"].map((id) =>
    room(id, 0, id === "c" || id === "h" ? 1 : 0),
  );
  const sorted = inParts(rooms, { inSight, recent, isUnread: ({ unread }) => unread > 0 });
  return sorted.map(([part, some]) => `${part}: ${some.map(({ id }) => id).join("")}`);
};

test("rooms to choose from begin with the one in sight, then recent ones, unread ones and the others", () => {
  assert.deepEqual(parts("d", ["b", "d", "h"]), [
    "in sight: d",
    "recent: bh",
    "unread: c",
    "others: aefg",
  ]);
  assert.deepEqual(parts(null, ["b"]), ["recent: b", "unread: ch", "others: adefg"]);
  assert.deepEqual(parts("gone", []), ["unread: ch", "others: abdefg"]);
});

test("of recent rooms the last five are, and each room is named once", () => {
  assert.deepEqual(parts("a", ["g", "f", "e", "d", "b", "c", "a"]), [
    "in sight: a",
    "recent: gfedb",
    "unread: ch",
  ]);
});

test("the next unread room comes after the current one and round to it, and it itself last", () => {
  const next = (current: string | null, unread: string) =>
    nextOf(
      ["a", "b", "c"].map((id) => room(id, 0, unread.includes(id) ? 1 : 0)),
      current,
      (each) => each.unread > 0,
    )?.id;
  assert.equal(next("b", "abc"), "c");
  assert.equal(next("c", "ab"), "a");
  assert.equal(next(null, "bc"), "b");
  assert.equal(next("gone", "c"), "c");
  // The view may be hidden: what is unread there has not been seen.
  assert.equal(next("b", "b"), "b");
  assert.equal(next("b", ""), undefined);
});
