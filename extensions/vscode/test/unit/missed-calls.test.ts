import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { callsSkipped, missedCalls } from "../../src/chat/missed-calls.js";
import { ChatClient } from "../../../../static/chat/client.js";
import type { Message, Room } from "../../../../static/chat/protocol.js";
import type { Transport } from "../../../../static/chat/client/types.js";

const clients: ChatClient[] = [];
afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));

const room = (id: string, more: Partial<Room> = {}): Room => ({
  id,
  kind: "direct",
  name: "",
  members: ["ada", "grace"],
  member_count: 2,
  position: 9,
  number: 9,
  read: 6,
  unread: 3,
  role: "member",
  closed: false,
  put_away: false,
  favorite: false,
  asked: null,
  ...more,
});
const message = (id: string, more: Partial<Message> = {}) => ({
  id,
  room: "a",
  number: 9,
  position: 9,
  sender: "grace",
  client_id: id,
  body: id,
  html: id,
  created_at: new Date().toISOString(),
  edited_at: null,
  deleted: false,
  hidden: false,
  reply_to: null,
  quote: null,
  attachments: [],
  mentions: [],
  reactions: {},
  code: null,
  ...more,
});
const ago = (ms: number) => ({ created_at: new Date(Date.now() - ms).toISOString() });

/** A client that has just been greeted, and which rooms it then asks for. */
async function connected(
  rooms: Room[],
  messages: Record<string, { number: number }[]>,
  blocked: string[] = [],
) {
  const asked: string[] = [];
  let lose = () => {};
  const transport: Transport = {
    open(handlers) {
      const tell = (event: object) => handlers.onFrame(JSON.stringify(event));
      const socket = {
        send(text: string) {
          const {
            type,
            ref,
            room,
            before = Infinity,
            limit,
          } = JSON.parse(text) as {
            type: string;
            ref: string;
            room: string;
            before?: number;
            limit: number;
          };
          if (type !== "history") return;
          asked.push(room);
          const older = messages[room]?.filter(({ number }) => number < before);
          const page = older?.slice(-limit);
          queueMicrotask(() =>
            tell(
              page
                ? { type: "reply", ref, messages: page, more: page.length < (older?.length ?? 0) }
                : { type: "error", ref, code: "not_found", detail: "" },
            ),
          );
        },
        close() {},
      };
      lose = () => handlers.onClose(1006);
      queueMicrotask(() => {
        handlers.onOpen(socket);
        tell({
          type: "ready",
          protocol: 1,
          heartbeat: 10,
          epoch: "b",
          online: [],
          blocked,
          requests: [],
          rooms,
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
  return { client, asked, lose: () => lose() };
}

const called = async (client: ChatClient) =>
  (await missedCalls(client)).flatMap(({ messages }) => messages.map(({ id }) => id));

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
        message("read", { number: 6 }),
        message("old", ago(3_600_000)),
        message("own", { sender: "ada" }),
        message("deleted", { deleted: true }),
        message("blocked", { sender: "eve" }),
      ],
    },
    ["eve"],
  );
  assert.deepEqual(await called(client), []);
});

test("it asks for what is unread alone, for few rooms, direct ones first, and lives with a refusal", async () => {
  const many = Array.from({ length: 12 }, (_, at) => room(`group ${at}`, { kind: "private" }));
  const { client, asked } = await connected(
    [room("read", { unread: 0, read: 9 }), ...many, room("direct")],
    {
      direct: [message("one")],
    },
  );
  assert.deepEqual(await called(client), ["one"]);
  assert.equal(asked.length, 10);
  assert.equal(asked[0], "direct");
  assert.ok(!asked.includes("read"));
});

test("of a start that took long, all calls are found, and no further page is asked for than has any", async () => {
  const messages = Array.from({ length: 260 }, (_, at) =>
    message(`${at + 1}`, { number: at + 1, ...(at < 20 && ago(3_600_000)) }),
  );
  const { client, asked } = await connected([room("a", { number: 260, read: 0, unread: 260 })], {
    a: messages,
  });
  assert.deepEqual(
    await called(client),
    messages.slice(20).map(({ id }) => id),
  );
  assert.equal(asked.length, 5);
});

for (const kind of ["direct", "private"] as const) {
  test(`who comes back to more than is told in a ${kind} room is called once, for all that calls`, async () => {
    const before = room("a", { kind });
    const messages = Array.from({ length: 9 }, (_, at) => message(`${at + 1}`, { number: at + 1 }));
    const rooms = [before];
    const { client, lose } = await connected(rooms, { a: messages });
    const skips: { room: string; after: number }[] = [];
    client.addEventListener("skipped", (event) =>
      skips.push((event as CustomEvent<(typeof skips)[0]>).detail),
    );
    client.addEventListener("mention", () => assert.fail("it was told besides"));
    lose();
    for (let number = 10; number <= 249; number++)
      messages.push(message(`${number}`, { number, mentions: number % 2 ? ["ada"] : [] }));
    rooms[0] = { ...before, position: 249, number: 249, unread: 243 };
    await client.connect();
    assert.deepEqual(skips, [{ room: "a", after: 9 }]);
    const call = await callsSkipped(client, "a", 9);
    // What had called before does not call again, though it is unread.
    const missed = messages
      .slice(9)
      .filter(({ mentions }) => kind === "direct" || mentions.length > 0);
    assert.deepEqual(
      call?.messages.map(({ id }) => id),
      missed.map(({ id }) => id),
    );
    assert.equal(missed.length, kind === "direct" ? 240 : 120);
  });
}
