import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeHost, FakePage } from "../../support/page.js";

let isNarrow = false;
Object.assign(globalThis, {
  matchMedia: () => ({
    get matches() {
      return isNarrow;
    },
  }),
});
const { RoomChoice } = await import("../../../../static/chat/page/rooms/room-choice.js");

/** @param {string} id */
const room = (id, more = {}) => ({
  id,
  name: id,
  kind: "public",
  role: "member",
  unread: 0,
  ...more,
});

/** @param {{address?: string, number?: number | null, last?: string | null, offered?: any, rooms?: any[], asks?: boolean}} there */
function begun({
  address = "",
  number = null,
  last = null,
  offered = null,
  rooms = [],
  asks = false,
}) {
  /** @type {unknown[]} */
  const shown = [];
  const bar = {
    address,
    offered,
    back: () => {},
    read: () => ({ room: bar.address, number }),
    lastRoom: () => last,
    show: (/** @type {string} */ id, /** @type {unknown} */ options) => shown.push([id, options]),
    clear: () => shown.push("clear"),
    askServer: () => asks,
    follow: (/** @type {() => void} */ listener) => {
      bar.back = listener;
      return () => (bar.back = () => {});
    },
  };
  const client = { me: { username: "ada" }, rooms: new Map(rooms.map((each) => [each.id, each])) };
  const host = fakeHost({ addressBar: bar });
  const page = new FakePage({ client: /** @type {any} */ (client), host });
  const choice = new RoomChoice(page);
  page.connectedCallback();
  choice.begin();
  return { page, choice, bar, shown };
}

test("the room that the address names opens, at its message", () => {
  const { page } = begun({ address: "b", number: 7, last: "a", rooms: [room("a"), room("b")] });
  assert.deepEqual(page.opened, [{ room: "b", options: { isNamed: false, number: 7 } }]);
});

test("without one the last room opens, or one with something unread, or the first", () => {
  const rooms = [room("a"), room("b", { unread: 2 }), room("c")];
  assert.equal(begun({ last: "c", rooms }).page.roomId, "c");
  assert.equal(begun({ last: "gone", rooms }).page.roomId, "b");
  assert.equal(begun({ rooms: [room("b"), room("a")] }).page.roomId, "a");
  assert.deepEqual(begun({}).page.opened, []);
});

test("a narrow page begins with the list", (context) => {
  isNarrow = true;
  context.after(() => (isNarrow = false));
  const { page } = begun({ last: "a", rooms: [room("a")] });
  assert.deepEqual([page.opened, page.screen], [[], "rooms"]);
});

test("a room that is not there is said to be so, once the server was asked", () => {
  const rooms = [room("a")];
  assert.deepEqual(begun({ address: "x", rooms }).page.said, [
    "There is no such room, or you are not in it.",
  ]);
  assert.deepEqual(begun({ address: "x", rooms, asks: true }).page.said, []);
});

test("a public room that the address names is offered, until the person has answered", () => {
  const there = { address: "x", offered: room("x", { role: null }), rooms: [room("a")] };
  const { page, choice, shown } = begun(there);
  assert.deepEqual([choice.offer?.id, page.screen, page.opened], ["x", "room", []]);
  page.tell("offer-declined");
  assert.deepEqual([choice.offer, shown, page.roomId], [null, ["clear"], "a"]);

  const other = begun(there);
  /** @type {Map<string, any>} */ (other.page.client.rooms).set("x", room("x"));
  other.page.tell("offer-accepted");
  assert.equal(other.page.roomId, "x");
});

test("going back opens the room of before, for as long as the page is there", () => {
  const { page, bar } = begun({ address: "a", rooms: [room("a"), room("b")] });
  bar.address = "b";
  bar.back();
  assert.equal(page.roomId, "b");
  page.disconnectedCallback();
  bar.address = "a";
  bar.back();
  assert.equal(page.roomId, "b");
});

test("the address follows a room that was opened", () => {
  const { choice, shown } = begun({ rooms: [] });
  choice.opened("a", { isNamed: true });
  assert.deepEqual(shown, [["a", { isNamed: true }]]);
});

test("an editor has no address bar, and nothing opens by an address", () => {
  const page = new FakePage({
    client: /** @type {any} */ ({ me: {}, rooms: new Map([["a", room("a")]]) }),
    host: fakeHost(),
  });
  page.listsRooms = false;
  const choice = new RoomChoice(page);
  page.connectedCallback();
  choice.begin();
  assert.deepEqual([page.opened, page.said], [[], []]);
});
