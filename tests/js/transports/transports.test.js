import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";

import { ChatClient, initChatClient } from "../../../static/chat/client.js";
import { BridgeTransport, relay } from "../../../static/chat/transports/bridge.js";
import { WebSocketTransport } from "../../../static/chat/transports/websocket.js";
import { bodies } from "../support/fixtures.js";
import { Clock, settled } from "../support/clock.js";
import { Server } from "../support/server.js";

/** @typedef {{status?: number, answer: any, headers?: Record<string, string>}} Answer */

/** @type {Record<string, (body: string, headers: import("node:http").IncomingHttpHeaders) => Answer | Promise<Answer>>} */
let doors = {};
const http = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const door = doors[request.url ?? ""] ?? (() => ({ status: 404, answer: {} }));
  const { status = 200, answer, headers = {} } = await door(body, request.headers);
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
});
let address = "";

before(async () => {
  await new Promise((resolve) => http.listen(0, "127.0.0.1", () => resolve(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (http.address());
  address = `http://127.0.0.1:${port}`;
});
after(() => http.close());
beforeEach(() => {
  doors = {};
  FakeWebSocket.all = [];
});

/** Stands in for the platform's class. */
class FakeWebSocket extends EventTarget {
  /** @type {FakeWebSocket[]} */
  static all = [];
  readyState = 0;
  /** @type {string[]} */
  sent = [];

  /** @param {URL} url @param {string[]} [protocols] */
  constructor(url, protocols = []) {
    super();
    this.url = String(url);
    this.protocols = protocols;
    FakeWebSocket.all.push(this);
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  /** @param {object} frame */
  say(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(text);
  }

  close(code = 1000) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}
const WebSocket = /** @type {typeof globalThis.WebSocket} */ (
  /** @type {unknown} */ (FakeWebSocket)
);

/** What a transport tells, in the order of telling. */
function handlers() {
  /** @type {any[]} */
  const told = [];
  return {
    told,
    onOpen: () => told.push("open"),
    onFrame: (/** @type {string} */ text) => told.push(text),
    onClose: (/** @type {number} */ code) => told.push(code),
  };
}

/** @param {() => boolean} condition */
async function until(condition) {
  for (let wait = 0; wait < 500 && !condition(); wait++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.ok(condition());
}

function withResolvers() {
  let resolve = () => {};
  const promise = /** @type {Promise<void>} */ (new Promise((done) => (resolve = done)));
  return { promise, resolve };
}

const SIGN_IN = "/_allauth/app/v1/auth/login";
const ready = {
  type: "ready",
  protocol: 1,
  heartbeat: 10,
  online: [],
  rooms: [],
  user: { id: "1", username: "ada", display_name: "Ada", avatar_url: null },
};

test("with cookies the browser's door is opened, without asking for a ticket", () => {
  const heard = handlers();
  const socket = new WebSocketTransport({ server: "https://chat.example/x", WebSocket }).open(
    heard,
  );
  const [webSocket] = FakeWebSocket.all;
  assert.equal(webSocket.url, "wss://chat.example/x/ws/");
  webSocket.open();
  webSocket.say({ type: "ready" });
  socket.send("hello");
  webSocket.close(4408);
  socket.send("too late");
  assert.deepEqual(heard.told, ["open", '{"type":"ready"}', 4408]);
  assert.deepEqual(webSocket.sent, ["hello"]);
});

test("with a session token each connection takes a ticket of its own", async () => {
  let tickets = 0;
  doors["/api/v1/tickets"] = (_, headers) => {
    assert.equal(headers["x-session-token"], "secret");
    assert.equal(headers.cookie, undefined);
    return { answer: { ticket: `t${++tickets}`, expires_in: 30 } };
  };
  const transport = new WebSocketTransport({ server: address, sessionToken: "secret", WebSocket });
  transport.open(handlers());
  await until(() => FakeWebSocket.all.length === 1);
  transport.open(handlers());
  await until(() => FakeWebSocket.all.length === 2);
  const [first, second] = FakeWebSocket.all;
  assert.equal(first.url, `${address.replace("http", "ws")}/ws/client/`);
  assert.deepEqual(first.protocols, ["mediachat.v1", "ticket.t1"]);
  assert.deepEqual(second.protocols, ["mediachat.v1", "ticket.t2"]);
});

for (const [status, code] of [
  [401, 4401],
  [403, 4403],
  [429, 4429],
  [500, 1006],
]) {
  test(`a ticket refused with ${status} closes with ${code}`, async () => {
    doors["/api/v1/tickets"] = () => ({ status, answer: { code: "x", detail: "x" } });
    const heard = handlers();
    new WebSocketTransport({ server: address, sessionToken: "secret", WebSocket }).open(heard);
    await until(() => heard.told.length > 0);
    assert.deepEqual(heard.told, [code]);
    assert.equal(FakeWebSocket.all.length, 0);
  });
}

test("a server that is not there is a lost connection", async () => {
  const heard = handlers();
  const server = "http://127.0.0.1:1";
  new WebSocketTransport({ server, sessionToken: "secret", WebSocket }).open(heard);
  await until(() => heard.told.length > 0);
  assert.deepEqual(heard.told, [1006]);
});

test("whoever closes while the ticket is on its way opens nothing", async () => {
  const ticket = withResolvers();
  const asked = withResolvers();
  doors["/api/v1/tickets"] = async () => {
    asked.resolve();
    await ticket.promise;
    return { answer: { ticket: "t", expires_in: 30 } };
  };
  const transport = new WebSocketTransport({ server: address, sessionToken: "secret", WebSocket });
  const socket = transport.open(handlers());
  await asked.promise;
  socket.close();
  ticket.resolve();
  await settled();
  assert.equal(FakeWebSocket.all.length, 0);
});

test("initChatClient signs in, takes a ticket and connects", async () => {
  doors[SIGN_IN] = (body) => {
    assert.deepEqual(JSON.parse(body), { username: "ada", password: "secret" });
    return { answer: { meta: { session_token: "token" } } };
  };
  doors["/api/v1/tickets"] = () => ({ answer: { ticket: "t", expires_in: 30 } });
  const arriving = initChatClient("ada", "secret", { server: address, WebSocket });
  await until(() => FakeWebSocket.all.length === 1);
  FakeWebSocket.all[0].open();
  FakeWebSocket.all[0].say(ready);
  const client = await arriving;
  assert.equal(client.username, "ada");
  assert.equal(client.state, "online");
  client.disconnect();
});

test("a wrong password is told in the server's words", async () => {
  doors[SIGN_IN] = () => ({ status: 400, answer: { errors: [{ message: "Wrong password." }] } });
  await assert.rejects(initChatClient("ada", "x", { server: address, WebSocket }), {
    code: "unauthenticated",
    detail: "Wrong password.",
  });
});

test("a second factor is told by its flows", async () => {
  const flows = [{ id: "mfa_authenticate", is_pending: true }];
  doors[SIGN_IN] = () => ({ status: 401, answer: { data: { flows }, meta: {} } });
  await assert.rejects(initChatClient("ada", "x", { server: address, WebSocket }), {
    code: "unauthenticated",
    flows,
  });
});

test("signing in says when the server is not reached, fails or has had enough", async () => {
  await assert.rejects(initChatClient("ada", "x", { server: "http://127.0.0.1:1", WebSocket }), {
    code: "network",
  });
  doors[SIGN_IN] = () => ({ status: 502, answer: "<h1>Bad gateway</h1>" });
  await assert.rejects(initChatClient("ada", "x", { server: address, WebSocket }), {
    code: "server_error",
  });
  doors[SIGN_IN] = () => ({ status: 429, answer: {} });
  await assert.rejects(initChatClient("ada", "x", { server: address, WebSocket }), {
    code: "rate_limited",
  });
  await assert.rejects(initChatClient("ada", "x", { WebSocket }), { code: "bad_request" });
});

test("a file is uploaded with its name, and progress is told", async () => {
  let received = "";
  doors["/api/v1/attachments"] = (body, headers) => {
    received = body;
    assert.equal(headers["x-session-token"], "secret");
    return { answer: { id: "a", name: "note.txt" } };
  };
  const transport = new WebSocketTransport({ server: address, sessionToken: "secret", WebSocket });
  /** @type {number[][]} */
  const progress = [];
  const attachment = await transport.upload(new File(["hello"], "note.txt"), {
    onProgress: (...sizes) => progress.push(sizes),
  });
  assert.equal(attachment.id, "a");
  assert.match(received, /name="file"; filename="note.txt"[^]*hello/);
  assert.deepEqual(progress, [[5, 5]]);
});

test("a browser's upload carries the CSRF token of the page's cookie, over TLS too", async () => {
  /** @type {unknown} */
  let token;
  doors["/api/v1/attachments"] = (_body, headers) => {
    token = headers["x-csrftoken"];
    return { answer: { id: "a", name: "note.txt" } };
  };
  const transport = new WebSocketTransport({ server: address, WebSocket });
  try {
    for (const cookie of ["a=b; csrftoken=t0k3n", "__Host-csrftoken=t0k3n; a=b"]) {
      globalThis.document = /** @type {any} */ ({ cookie, querySelector: () => null });
      await transport.upload(new File(["hello"], "note.txt"), {});
      assert.equal(token, "t0k3n", cookie);
    }
  } finally {
    // @ts-expect-error Node has none of its own.
    delete globalThis.document;
  }
});

test("a refused upload says why, a lost or cancelled one which", async () => {
  const file = new File(["x"], "x");
  const open = (server = address) =>
    new WebSocketTransport({ server, sessionToken: "secret", WebSocket });
  doors["/api/v1/attachments"] = () => ({
    status: 413,
    answer: { code: "too_large", detail: "At most 25 MB." },
  });
  await assert.rejects(open().upload(file, {}), { code: "too_large", detail: "At most 25 MB." });
  doors["/api/v1/attachments"] = () => ({ status: 413, answer: "<h1>nginx</h1>" });
  await assert.rejects(open().upload(file, {}), {
    code: "too_large",
    detail: /larger than the server takes/,
  });
  for (const [status, code] of [
    [404, "not_found"],
    [405, "bad_request"],
    [408, "timeout"],
    [502, "server_error"],
  ]) {
    doors["/api/v1/attachments"] = () => ({ status: Number(status), answer: "<h1>A proxy</h1>" });
    await assert.rejects(open().upload(file, {}), { code });
  }
  doors["/api/v1/attachments"] = () => ({
    status: 429,
    headers: { "Retry-After": "7" },
    answer: { code: "rate_limited", detail: "Wait." },
  });
  await assert.rejects(open().upload(file, {}), { code: "rate_limited", retryAfter: 7 });
  await assert.rejects(open("http://127.0.0.1:1").upload(file, {}), { code: "network" });
  await assert.rejects(open().upload(file, { signal: AbortSignal.abort() }), { code: "aborted" });
});

/** Two ends of one line: what is posted at one is heard at the other, copied as a webview does. */
function ports() {
  /** @type {((message: any) => void)[][]} */
  const listeners = [[], []];
  /** @param {number} here @param {number} there */
  const port = (here, there) => ({
    post: (/** @type {object} */ message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => listeners[there].forEach((listener) => listener(copy)));
    },
    listen: (/** @type {(message: any) => void} */ listener) => void listeners[here].push(listener),
  });
  return [port(0, 1), port(1, 0)];
}

/** @param {Server} server @param {import("../../../static/chat/client/types.js").Transport} [transport] */
function aWebview(server, transport = server.door("ada")) {
  const [page, host] = ports();
  const end = relay(host, transport);
  const clock = new Clock();
  const client = new ChatClient({
    transport: new BridgeTransport(page),
    storage: null,
    events: null,
    now: clock.now,
    monotonic: clock.monotonic,
    setTimer: clock.setTimer,
    random: () => 0.5,
  });
  return { client, clock, end };
}

test("a webview chats over the bridge, and comes back when the connection was lost", async () => {
  const server = new Server();
  const room = server.open();
  const { client, clock, end } = aWebview(server);
  await client.connect();
  const feed = client.feed(room.id);
  await feed.open();
  client.sendMessage(room.id, { body: "from the webview" });
  await settled();
  server.last.end(1012);
  room.send("grace", "missed");
  await clock.pass(1_000);
  assert.deepEqual(bodies(feed), ["from the webview", "missed"]);
  end();
  assert.equal(server.connections.length, 0);
});

test("a webview that disconnects closes the socket behind the bridge", async () => {
  const server = new Server();
  const { client } = aWebview(server);
  await client.connect();
  client.disconnect();
  await settled();
  assert.equal(server.connections.length, 0);
});

test("a file goes over the bridge with its name, progress and refusal", async () => {
  const server = new Server();
  /** @type {any} */
  let uploaded;
  /** @type {import("../../../static/chat/client/types.js").Transport} */
  const transport = {
    ...server.door("ada"),
    upload: async (file, { onProgress }) => {
      uploaded = {
        name: /** @type {File} */ (file).name,
        type: file.type,
        text: await file.text(),
      };
      onProgress?.(2, 5);
      if (uploaded.name === "bad")
        throw Object.assign(new Error(), { code: "too_large", detail: "Big." });
      return /** @type {any} */ ({ id: "a" });
    },
  };
  const { client } = aWebview(server, transport);
  /** @type {number[][]} */
  const progress = [];
  const attachment = await client.upload(new File(["hello"], "a.txt", { type: "text/plain" }), {
    onProgress: (...sizes) => progress.push(sizes),
  });
  assert.deepEqual(uploaded, { name: "a.txt", type: "text/plain", text: "hello" });
  assert.deepEqual(attachment, { id: "a" });
  assert.deepEqual(progress, [[2, 5]]);
  await assert.rejects(client.upload(new File(["x"], "bad")), {
    code: "too_large",
    detail: "Big.",
  });
});
