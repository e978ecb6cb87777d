import assert from "node:assert/strict";
import { test } from "node:test";
import { LostRoom } from "../../../../static/chat/page/shell/lost-room.js";
import { FakePage } from "../../support/page.js";

/** @param {{unsent?: {room: string}[]}} [known] */
function lostRoom({ unsent = [] } = {}) {
  const client = Object.assign(new EventTarget(), {
    me: { username: "ada" },
    rooms: new Map(),
    unsent,
    person: () => ({ display_name: "Grace" }),
  });
  const page = new FakePage({ client: /** @type {any} */ (client) });
  const lost = new LostRoom(page);
  lost.follow(page.client);
  const remove = (/** @type {string} */ room, /** @type {string | null} */ by = "grace") =>
    client.dispatchEvent(new CustomEvent("removed", { detail: { room, name: "Compilers", by } }));
  return { page, lost, remove };
}

test("a room that ends by itself is said to be gone", () => {
  const { page, lost } = lostRoom();
  lost.say("a");
  assert.deepEqual(page.said, ["You are no longer in that room."]);
});

test("of the room that is open one notice says who ended it and what is kept", () => {
  const { page, lost, remove } = lostRoom({ unsent: [{ room: "a" }] });
  page.roomId = "a";
  remove("a");
  assert.deepEqual(page.said, []);
  lost.say("a");
  assert.deepEqual(page.said, [
    "Grace removed you from Compilers. What you had not sent there is kept, above your rooms.",
  ]);
  lost.say("b");
  assert.equal(page.said[1], "You are no longer in that room.");
});

test("of another room it is said at once", () => {
  const { page, remove } = lostRoom();
  page.roomId = "a";
  remove("b", null);
  assert.deepEqual(page.said, ["Somebody removed you from Compilers."]);
});

test("whoever leaves by themselves is told nothing", () => {
  const { page, lost } = lostRoom();
  page.tell("leaving", { room: "a" });
  lost.say("a");
  assert.deepEqual(page.said, []);
});

test("where the rooms are listed beside the page, what is kept is above the conversation", () => {
  const { page, lost } = lostRoom({ unsent: [{ room: "a" }] });
  page.listsRooms = false;
  lost.say("a");
  assert.ok(page.said[0].endsWith("is kept, above the conversation."));
});
