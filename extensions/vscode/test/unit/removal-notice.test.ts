import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Chat, Connected } from "../../src/chat/chat.js";
import { FrontWindow } from "../../src/notifications/front-window.js";
import { RemovalNotice } from "../../src/notifications/removal-notice.js";
import type { ChatView } from "../../src/view/chat-view.js";
import { ChatClient } from "../../../../static/chat/client.js";
import type { Transport } from "../../../../static/chat/client/types.js";
import * as stub from "./vscode.js";

const ROOM = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const ROOM_STATE = {
  id: ROOM,
  kind: "private",
  name: "Plans",
  members: ["ada", "grace"],
  member_count: 2,
  position: 0,
  number: 0,
  read: 0,
  unread: 0,
  role: "member",
  closed: false,
  put_away: false,
};
const READY = {
  type: "ready",
  protocol: 1,
  heartbeat: 10,
  epoch: "b",
  online: [],
  blocked: [],
  requests: [],
  rooms: [ROOM_STATE],
  user: { id: "a", username: "ada", display_name: "Ada", avatar_url: null },
};

/** What VS Code keeps for all windows. */
function kept() {
  const values = new Map<string, unknown>();
  return {
    keys: () => [...values.keys()],
    get: <T>(key: string, other?: T) => (values.get(key) as T | undefined) ?? other,
    update: (key: string, value: unknown) => Promise.resolve(void values.set(key, value)),
  };
}

const clients: ChatClient[] = [];

/** A window with a client, and what the server says to it; `isInSight`: it shows the chat's page. */
async function opened(memento = kept(), { isInFront = true, isInSight = false } = {}) {
  stub.window.state.focused = isInFront;
  const front = new FrontWindow(memento);
  let hear: (...events: object[]) => void = () => {};
  const transport: Transport = {
    open(handlers) {
      const socket = { send() {}, close() {} };
      hear = (...events) => handlers.onFrame(JSON.stringify(events));
      queueMicrotask(() => (handlers.onOpen(socket), hear(READY)));
      return socket;
    },
    upload: () => Promise.reject(new Error("not here")),
  };
  const client = new ChatClient({ transport, storage: null, events: null });
  clients.push(client);
  let switched: (connected: Connected) => void = () => {};
  const chat = {
    onDidSwitch: (listener: typeof switched) => ((switched = listener), { dispose() {} }),
  };
  new RemovalNotice(chat as unknown as Chat, { isInSight } as ChatView, front);
  switched({ client } as Connected);
  await client.connect();
  return hear;
}

const called = (display_name: string) => ({
  type: "person",
  person: { username: "grace", display_name, avatar_url: null },
});
const removed = (more: object = {}) => ({
  type: "room.removed",
  room: ROOM,
  reason: "removed",
  ...more,
});
/** Notices are given after the turn in which they are heard. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  stub.said.length = 0;
});
afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));

test("it says who removed the person from which room", async () => {
  const hear = await opened();
  hear(called("Grace Hopper"), removed({ name: "Plans", by: "grace" }));
  await settled();
  assert.deepEqual(stub.said, ["Grace Hopper removed you from Plans."]);
});

test("where the server's moderators did it, or nobody knows who, it names the room alone", async () => {
  const hear = await opened();
  hear(removed({ name: "Plans" }));
  await settled();
  hear(
    { type: "room", room: ROOM_STATE },
    { type: "room", room: { ...ROOM_STATE, position: 1, number: 1, read: 1 } },
    removed(),
  );
  await settled();
  const words = "You were removed from Plans.";
  assert.deepEqual(stub.said, [words, words]);
});

test("neither name turns the words around it or becomes a link", async () => {
  const hear = await opened();
  hear(
    called("Gra\u202ece"),
    removed({ name: "[Plans](command:workbench.action.quit)\u202e", by: "grace" }),
  );
  await settled();
  const [sentence = ""] = stub.said;
  assert.doesNotMatch(sentence, /\u202e|\]\(/);
  assert.match(sentence, /removed you from \u2068.*Plans/);
});

test("who left by themselves, or may not see a room, is told nothing", async () => {
  const hear = await opened();
  hear({ type: "room.removed", room: ROOM, reason: "left" });
  hear({ type: "room.removed", room: "5f0c4f0e-6a0b-4c1c-8f3e-1e5f6b6d7a01", reason: "not_found" });
  await settled();
  assert.deepEqual(stub.said, []);
});

test("of several windows one says it, and none where its page does", async () => {
  const memento = kept();
  const windows = [await opened(memento), await opened(memento, { isInFront: false })];
  for (const hear of windows) hear(removed({ name: "Plans", by: "grace" }));
  await settled();
  assert.equal(stub.said.length, 1);
  stub.said.length = 0;
  const other = kept();
  const seeing = [await opened(other, { isInSight: true }), await opened(other)];
  for (const hear of seeing) hear(removed({ name: "Plans", by: "grace" }));
  await settled();
  assert.deepEqual(stub.said, [], "the page in sight has said it");
});

test("the next removal is said too, though nothing was written in between", async () => {
  const hear = await opened();
  for (let time = 0; time < 2; time++) {
    hear(removed({ name: "Plans", by: "grace" }), { type: "room", room: ROOM_STATE });
    await settled();
  }
  assert.equal(stub.said.length, 2);
});

test("nobody is told twice of the same removal", async () => {
  const hear = await opened();
  hear(removed({ name: "Plans", by: "grace" }), removed());
  await settled();
  assert.equal(stub.said.length, 1);
});
