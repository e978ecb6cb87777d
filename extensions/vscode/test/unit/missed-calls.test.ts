import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { missedCalls } from "../../src/chat/missed-calls.js";
import { ChatClient } from "../../../../static/chat/client.js";
import type { Message, Room } from "../../../../static/chat/protocol.js";
import type { Transport } from "../../../../static/chat/types.js";

const clients: ChatClient[] = [];
afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));

const room = (id: string, more: Partial<Room> = {}): Room => ({
  id, kind: "direct", name: "", members: ["ada", "grace"], member_count: 2, position: 9, number: 9, read: 6, unread: 3,
  role: "member", closed: false, put_away: false, asked: null, ...more,
});
const message = (id: string, more: Partial<Message> = {}) => ({
  id, room: "a", number: 9, position: 9, sender: "grace", client_id: id, body: id, html: id,
  created_at: new Date().toISOString(), edited_at: null, deleted: false, hidden: false, reply_to: null, quote: null,
  attachments: [], mentions: [], reactions: {}, code: null, ...more,
});
const ago = (ms: number) => ({ created_at: new Date(Date.now() - ms).toISOString() });

/** A client that has just been greeted, and which rooms it then asks for. */
async function connected(rooms: Room[], messages: Record<string, object[]>, blocked: string[] = []) {
  const asked: string[] = [];
  const transport: Transport = {
    open(handlers) {
      const tell = (event: object) => handlers.onFrame(JSON.stringify(event));
      const socket = {
        send(text: string) {
          const { type, ref, room } = JSON.parse(text) as { type: string; ref: string; room: string };
          if (type !== "history") return;
          asked.push(room);
          queueMicrotask(() =>
            tell(messages[room] ? { type: "reply", ref, messages: messages[room], more: false } : { type: "error", ref, code: "not_found", detail: "" }),
          );
        },
        close() {},
      };
      queueMicrotask(() => {
        handlers.onOpen(socket);
        tell({
          type: "ready", protocol: 1, heartbeat: 10, epoch: "b", online: [], blocked, requests: [], rooms,
          user: { id: "a", username: "ada", display_name: "Ada", avatar_url: null },
        });
      });
      return socket;
    },
    upload: () => Promise.reject(new Error("not here")),
  };
  const client = new ChatClient({ transport, storage: null, events: null });
  clients.push(client);
  await client.connect();
  return { client, asked };
}

const called = async (client: ChatClient) => (await missedCalls(client)).map((call) => call.message.id);

test("what was written directly while the window started calls, the oldest first", async () => {
  const { client } = await connected([room("a"), room("b")], {
    a: [message("last", ago(1_000))],
    b: [message("first", ago(3_000)), message("second", ago(2_000))],
  });
  assert.deepEqual(await called(client), ["first", "second", "last"]);
});

test("in a room of many only what names the person calls", async () => {
  const { client } = await connected([room("a", { kind: "private" })], {
    a: [message("to all", { number: 8 }), message("to ada", { mentions: ["ada"] })],
  });
  assert.deepEqual(await called(client), ["to ada"]);
});

test("what is old, read, one's own, deleted or from somebody blocked calls nobody", async () => {
  const { client } = await connected(
    [room("a")],
    {
      a: [
        message("read", { number: 6 }), message("old", ago(3_600_000)), message("own", { sender: "ada" }),
        message("deleted", { deleted: true }), message("blocked", { sender: "eve" }),
      ],
    },
    ["eve"],
  );
  assert.deepEqual(await called(client), []);
});

test("it asks for what is unread alone, for few rooms, direct ones first, and lives with a refusal", async () => {
  const many = Array.from({ length: 12 }, (_, at) => room(`group ${at}`, { kind: "private" }));
  const { client, asked } = await connected([room("read", { unread: 0, read: 9 }), ...many, room("direct")], {
    direct: [message("one")],
  });
  assert.deepEqual(await called(client), ["one"]);
  assert.equal(asked.length, 10);
  assert.equal(asked[0], "direct");
  assert.ok(!asked.includes("read"));
});
