import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatClient } from "../../../../static/chat/client.js";
import type { Socket, Transport, TransportHandlers } from "../../../../static/chat/client/types.js";
import { SharedTransport } from "../../src/chat/shared-transport.js";

const ROOM = "11111111-1111-4111-8111-111111111111";
const room = {
  id: ROOM,
  kind: "private",
  name: "Room",
  members: ["ada"],
  member_count: 1,
  position: 0,
  number: 0,
  read: 0,
  role: "owner",
  closed: false,
  put_away: false,
  asked: null,
  favorite: false,
};
const me = { id: "u", username: "ada", display_name: "Ada", avatar_url: null };

/** A server of one socket at a time, in memory: it keeps what it is sent. */
class Server implements Transport {
  sent: Record<string, unknown>[] = [];
  opened = 0;
  epoch = "first";
  ready: Record<string, unknown> = {
    type: "ready",
    protocol: 1,
    user: me,
    rooms: [room],
    online: [],
    heartbeat: 10,
  };
  handlers: TransportHandlers | null = null;

  open(handlers: TransportHandlers): Socket {
    this.opened++;
    this.handlers = handlers;
    const socket = {
      send: (text: string) => void this.sent.push(JSON.parse(text) as Record<string, unknown>),
      close: () => {},
    };
    queueMicrotask(() => {
      handlers.onOpen(socket);
      this.tell({ ...this.ready, epoch: this.epoch });
    });
    return socket;
  }

  upload = () => Promise.reject(new Error("not here"));

  tell(...objects: object[]) {
    this.handlers?.onFrame(JSON.stringify(objects));
  }
}

const message = (number: number, body: string) => ({
  type: "message",
  room: ROOM,
  position: number,
  message: {
    id: `m${number}`,
    room: ROOM,
    number,
    position: number,
    sender: "grace",
    client_id: `c${number}`,
    body,
    html: body,
    created_at: "2026-01-01T00:00:00Z",
    edited_at: null,
    deleted: false,
    hidden: false,
    reply_to: null,
    quote: null,
    attachments: [],
    mentions: [],
    reactions: {},
    code: null,
  },
});

async function connected(ready: Record<string, unknown> = {}) {
  const server = new Server();
  Object.assign(server.ready, ready);
  const shared = new SharedTransport(server);
  const options = { storage: null, events: null };
  const host = new ChatClient({ transport: shared, ...options });
  shared.ownedBy(host);
  await host.connect();
  const pages: ChatClient[] = [];
  const page = () => {
    const client = new ChatClient({ transport: shared.forPage(), ...options });
    pages.push(client);
    return client;
  };
  // The pages first: one that is left would have the host connect again.
  const end = () => [...pages, host].forEach((client) => client.disconnect());
  return { server, shared, host, page, end };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

test("a page that doubts the connection has the host probe it, and is answered at once", async () => {
  const { server, page, end } = await connected();
  const client = page();
  await client.connect();
  await client.send({ type: "ping" });
  assert.deepEqual(
    server.sent.map(({ type }) => type),
    ["ping"],
  );
  assert.ok(!String(server.sent[0]?.ref).startsWith("page"));
  end();
});

test("a page is greeted with what the host knows, over the one socket", async () => {
  const { server, host, page, end } = await connected();
  server.tell(message(1, "before the page"));
  const client = page();
  await client.connect();
  assert.equal(server.opened, 1);
  assert.equal(client.username, "ada");
  assert.deepEqual(client.rooms.get(ROOM), host.rooms.get(ROOM));
  assert.equal(client.rooms.get(ROOM)?.number, 1);
  end();
});

/** What a page is greeted with that connects now. */
async function greeting(shared: SharedTransport): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    const socket = shared.forPage().open({
      onOpen: () => {},
      onFrame: (text) => {
        resolve((JSON.parse(text) as Record<string, unknown>[])[0] ?? {});
        socket.close();
      },
      onClose: () => {},
    });
  });
}

const request = {
  room: ROOM,
  kind: "private",
  name: "Room",
  by: "grace",
  at: "2026-01-01T00:00:00Z",
};
const ready = {
  online: ["grace"],
  blocked: ["eve"],
  requests: [request],
  limits: { body: 40_000 },
  server: { name: "Media Chat", version: "1" },
  unheard_of: { by: "this client" },
};

test("a page is greeted with all that the server greeted the host with", async () => {
  const { server, shared, page, end } = await connected(ready);
  assert.deepEqual(await greeting(shared), { ...server.ready, epoch: "first" });
  const client = page();
  await client.connect();
  assert.deepEqual([...client.blocked], ["eve"]);
  assert.deepEqual(client.requests, [request]);
  end();
});

test("a page is greeted with what has changed since the host was greeted", async () => {
  const { server, shared, end } = await connected(ready);
  server.tell(
    { type: "blocked", usernames: ["eve", "mallory"] },
    { type: "requests", requests: [] },
    { type: "presence", user: "grace", state: "offline" },
    { type: "person", person: { username: "ada", display_name: "Countess", avatar_url: null } },
    message(1, "since then"),
  );
  const greeted = await greeting(shared);
  assert.deepEqual(greeted.blocked, ["eve", "mallory"]);
  assert.deepEqual(greeted.requests, []);
  assert.deepEqual(greeted.online, []);
  assert.equal((greeted.user as typeof me).display_name, "Countess");
  assert.equal((greeted.rooms as (typeof room)[])[0]?.number, 1);
  assert.deepEqual(greeted.unheard_of, ready.unheard_of);
  end();
});

test("every event reaches the host and each page", async () => {
  const { server, host, page, end } = await connected();
  const pages = [page(), page()];
  for (const each of pages) await each.connect();
  server.tell(message(1, "for all"));
  await turn();
  for (const client of [host, ...pages]) assert.equal(client.rooms.get(ROOM)?.number, 1);
  end();
});

test("an answer reaches whoever asked, and nobody else", async () => {
  const { server, page, end } = await connected();
  const client = page();
  await client.connect();
  const found = client.send({ type: "people.find", query: "gr" });
  const asked = server.sent.at(-1);
  assert.equal(asked?.type, "people.find");
  server.tell({ type: "reply", ref: asked?.ref, people: [{ username: "grace" }] });
  assert.equal((await found).people[0]?.username, "grace");
  end();
});

test("the same ref of two pages is not confused", async () => {
  const { server, page, end } = await connected();
  const [one, two] = [page(), page()];
  await one.connect();
  await two.connect();
  const answers = [
    one.send({ type: "room.find", query: "1" }),
    two.send({ type: "room.find", query: "2" }),
  ];
  const refs = server.sent.slice(-2).map(({ ref }) => ref);
  assert.notEqual(refs[0], refs[1]);
  server.tell({ type: "reply", ref: refs[1], rooms: [{ name: "two" }] });
  server.tell({ type: "error", ref: refs[0], code: "not_found", detail: "none" });
  await assert.rejects(answers[0] as Promise<unknown>, { code: "not_found" });
  assert.equal((await answers[1])?.rooms[0]?.name, "two");
  end();
});

test("when the host's connection is lost, so is the page's; when it is banned, so is the page", async () => {
  const { server, host, page, end } = await connected();
  const client = page();
  await client.connect();
  server.handlers?.onClose(4403);
  assert.equal(host.state, "banned");
  assert.equal(client.state, "banned");
  end();
});

test("a page that opens while the host is away is greeted when it is back", async () => {
  const { server, host, page, end } = await connected();
  host.disconnect();
  const client = page();
  await client.connect();
  assert.equal(client.state, "online");
  assert.equal(server.opened, 2);
  end();
});

test("a page that the window keeps learns of a restore, as the host does", async () => {
  const { server, host, page, end } = await connected();
  const client = page();
  await client.connect();
  assert.equal(client.epoch, "first");
  let told = 0;
  client.addEventListener("restored", () => told++);
  server.epoch = "second";
  server.handlers?.onClose(1012);
  await host.connect();
  await client.connect();
  await turn();
  assert.equal(client.epoch, "second");
  assert.equal(told, 1);
  end();
});
