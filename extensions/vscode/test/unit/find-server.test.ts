/** Which server an address means: asked of real sockets, in the clear and over TLS. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer as http, type RequestListener } from "node:http";
import { createServer as https } from "node:https";
import {
  connect,
  createServer as tcp,
  type AddressInfo,
  type Server as Listener,
  type Socket,
} from "node:net";
import { after, test } from "node:test";
import { readAddress } from "../../src/server/address.js";
import { findServer } from "../../src/server/find-server.js";
import { Authority } from "../workbench/tls.mjs";

const authority = new Authority();
const certificate = authority.selfSigned("localhost");
const listeners: Listener[] = [];
const sockets = new Set<Socket>();

after(() => {
  for (const socket of sockets) socket.destroy();
  for (const each of listeners) each.close();
  rmSync(authority.folder, { recursive: true, force: true });
});

async function listening(listener: Listener): Promise<string> {
  listeners.push(listener);
  listener.on("connection", (socket: Socket) => sockets.add(socket));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

/** Answers as Media Chat does below this path, and as others do elsewhere. */
const chatBelow =
  (prefix: string): RequestListener =>
  ({ url }, response) => {
    if (url !== `${prefix}/embed/`)
      return void response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>Not here</h1>");
    const said = {
      code: "unauthenticated",
      detail: "Sign in first, and send the session token as X-Session-Token.",
    };
    response.writeHead(401, { "Content-Type": "application/json" }).end(JSON.stringify(said));
  };
const leadingTo =
  (place: string): RequestListener =>
  ({ url }, response) =>
    void response.writeHead(301, { Location: place + (url ?? "") }).end();

const find = (text: string, timeout?: number) => findServer(readAddress(text), timeout);
const found = async (text: string) => (await find(text)).address;

const ROOM = "0e9d1c4e-8a4f-4f0e-9a3c-7b1d2a5c9e10";
const root = await listening(http(chatBelow("")));
const below = await listening(http(chatBelow("/chat")));
const named = await listening(http(chatBelow("/rooms")));

for (const [typed, address] of [
  [`http://${root}`, `http://${root}`],
  [root, `http://${root}`],
  [` HTTP://${root}/ `, `http://${root}`],
  [`http://${root}/rooms/${ROOM}/12`, `http://${root}`],
  [`http://${root}/accounts/login/?next=/`, `http://${root}`],
  [`http://${below}/chat`, `http://${below}/chat`],
  [`http://${below}/chat/`, `http://${below}/chat`],
  [`http://${below}/chat/rooms/${ROOM}`, `http://${below}/chat`],
  [`http://${below}/chat/rooms/${ROOM}?x#y`, `http://${below}/chat`],
  [`http://${below}/chat/embed/`, `http://${below}/chat`],
  [`http://${named}/rooms`, `http://${named}/rooms`],
  [`http://${named}/rooms/rooms/${ROOM}`, `http://${named}/rooms`],
] as const) {
  test(`“${typed.trim().replace(/:\d+/, "")}” is understood`, async () =>
    assert.equal(await found(typed), address));
}

test("a path that is no server's is refused, and what is above it is named, not taken", async () => {
  for (const path of ["/wiki", "/wiki/Start_page", "/chat"]) {
    await assert.rejects(find(`http://${root}${path}`), {
      code: "not_media_chat",
      message: new RegExp(
        `no Media Chat at http://${root}${path}, but there is one at http://${root}\\. Write that`,
      ),
    });
  }
  await assert.rejects(find(`http://${below}/chat/wiki`), {
    message: new RegExp(`there is one at http://${below}/chat\\.`),
  });
  await assert.rejects(find(`http://${below}`), {
    code: "not_media_chat",
    message: /it is not Media Chat/,
  });
});

test("what leads to the encrypted address of the same host is followed, and nothing else", async () => {
  const target = await listening(http(chatBelow("")));
  const toOther = await listening(http(leadingTo("https://elsewhere.example")));
  await assert.rejects(find(`http://${toOther}`), {
    message: /leads to https:\/\/elsewhere\.example\. If your Media Chat is there, write that/,
  });
  const toLocalhost = await listening(http(leadingTo(`http://localhost:${target.split(":")[1]}`)));
  await assert.rejects(find(`http://${toLocalhost}`), {
    code: "not_media_chat",
    message: /leads to http:\/\/localhost/,
  });
  const inCircles = await listening(http(leadingTo("")));
  await assert.rejects(find(`http://${inCircles}`), {
    code: "not_media_chat",
    message: /it is not Media Chat/,
  });
});

test("https:// before a plain server is told within a second, whatever that makes of TLS", async () => {
  // One refuses what it does not understand, the other waits for the rest of it.
  const patient = await listening(
    tcp((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => {
        if (/^(GET|HEAD) /.test(data.toString("latin1")))
          socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      });
    }),
  );
  for (const host of [root, patient]) {
    const start = performance.now();
    await assert.rejects(find(`https://${host}/chat`), {
      code: "wrong_address",
      message: new RegExp(
        `does not speak HTTPS there, but plain HTTP\\. Write http://${host}/chat`,
      ),
    });
    // The second itself is held in the workbench; here a machine may have much else to do.
    assert.ok(performance.now() - start < 5_000);
  }
});

test("http:// before a TLS port is told, and where to go", async () => {
  const node = await listening(https(certificate, chatBelow("")));
  // As nginx does.
  const worded = await listening(
    tcp((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        if (data[0] !== 0x16)
          return socket.end(
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThe plain HTTP request was sent to HTTPS port",
          );
        const onward = connect(Number(node.split(":")[1]));
        onward.on("error", () => socket.destroy());
        onward.write(data);
        onward.pipe(socket).pipe(onward);
      });
    }),
  );
  for (const host of [node, worded]) {
    await assert.rejects(find(`http://${host}`), {
      code: "wrong_address",
      message: `${host} speaks HTTPS there. Write https://${host}.`,
    });
  }
});

test("a server that never answers is given up, in either scheme", async () => {
  const silent = await listening(tcp((socket) => void socket.on("error", () => {})));
  for (const scheme of ["http", "https"]) {
    await assert.rejects(find(`${scheme}://${silent}`, 500), {
      code: "unreachable",
      message: /does not answer/,
    });
  }
});

test("an answer that does not come whole is given up", async () => {
  const half = await listening(
    http(
      (_request, response) =>
        void response.writeHead(401, { "Content-Type": "application/json" }).write("{"),
    ),
  );
  await assert.rejects(find(`http://${half}`, 500), {
    name: "Problem",
    code: "unreachable",
    message: /does not answer/,
  });
  const cut = await listening(
    http((_request, response) => {
      response
        .writeHead(401, { "Content-Type": "application/json", "Content-Length": "100" })
        .write("{");
      setTimeout(() => response.destroy(), 20);
    }),
  );
  await assert.rejects(find(`http://${cut}`), { name: "Problem", code: "unreachable" });
});

test("what answers, but not in HTTP, is another server, and not one that is down", async () => {
  for (const greeting of ["SSH-2.0-OpenSSH_9.2\r\n", "220 mail.example ESMTP\r\n"]) {
    const other = await listening(
      tcp((socket) => {
        socket.on("error", () => {});
        socket.write(greeting);
      }),
    );
    await assert.rejects(find(`http://${other}`), {
      code: "not_media_chat",
      message: /it is not Media Chat/,
    });
  }
  await assert.rejects(find("http://127.0.0.1:6000"), {
    code: "wrong_address",
    message: /opens port 6000/,
  });
});

test("a path to which the host leads is named, not taken", async () => {
  const moved = await listening(
    http((request, response) =>
      (request.url?.startsWith("/chat/") ? chatBelow("/chat") : leadingTo("/chat"))(
        request,
        response,
      ),
    ),
  );
  await assert.rejects(find(`http://${moved}`), {
    code: "not_media_chat",
    message: new RegExp(`leads to http://${moved}/chat\\. If your Media Chat is there`),
  });
  await assert.rejects(find(`http://${moved}/rooms/${ROOM}`), {
    message: new RegExp(`leads to http://${moved}/chat/rooms/${ROOM}\\.`),
  });
  assert.equal(await found(`http://${moved}/chat/rooms/${ROOM}`), `http://${moved}/chat`);
  const asking = await listening(
    http(
      (_request, response) =>
        void response.writeHead(302, { Location: "/login?next=/embed/" }).end(),
    ),
  );
  await assert.rejects(find(`http://${asking}`), { message: /it is not Media Chat/ });
});

test("a server that goes on answering for ever is given up, and one that fails is said to", async () => {
  const endless = await listening(
    http((_request, response) => {
      response.writeHead(401, { "Content-Type": "application/json" });
      const more = (): void =>
        void (response.destroyed || response.write("x".repeat(16_384), more));
      more();
    }),
  );
  await assert.rejects(find(`http://${endless}`), { code: "not_media_chat" });
  const failing = await listening(
    http((_request, response) => void response.writeHead(502).end("<h1>Bad Gateway</h1>")),
  );
  await assert.rejects(find(`http://${failing}`), { code: "server_error" });
});

for (const [typed, says] of [
  ["", /set its address first/],
  ["chat example", /is not an address/],
  ["https://chat.example/a path", /is not an address/],
  ["https:/chat.example", /is not an address/],
  ["https:chat.example", /is not an address/],
  ["https:\\\\chat.example", /is not an address/],
  ["https://chat.example\\rooms", /is not an address/],
  ["https:///chat.example", /is not an address/],
  ["//chat.example", /is not an address/],
  ["https://", /is not an address/],
  ["https://chat.example/a/../b", /is not an address/],
  ["https://chat.example/%2e%2e/", /is not an address/],
  ["https://chat.example:99999", /is not an address/],
  ["8000", /is not an address/],
  ["127.1:8000", /is not an address/],
  ["https://010.0.0.1", /is not an address/],
  ["0x7f000001:8000", /is not an address/],
  ["https://exa%6dple.org", /is not an address/],
  ["::1:8000", /in brackets/],
  ["http://fe80::1", /in brackets/],
  ["ftp://chat.example", /has to begin with https:\/\//],
  ["wss://chat.example/ws/", /has to begin with https:\/\//],
  ["vscode://mediachat.media-chat/signed-in", /has to begin with https:\/\//],
  ["https://ada:secret@chat.example", /without a name or password/],
  ["ada@chat.example", /without a name or password/],
  ["https://chat.example/team?x=1", /write https:\/\/chat\.example\/team\./],
  ["https://chat.example#top", /write https:\/\/chat\.example\./],
] as const) {
  test(`“${typed}” is refused, and what to write is said`, () => {
    assert.throws(() => readAddress(typed), { name: "Problem", message: says });
  });
}

test("an address is one, however it is written", () => {
  for (const [typed, href] of [
    ["Chat.Example", "https://chat.example/"],
    ["chat.example:8443/chat", "https://chat.example:8443/chat/"],
    ["localhost:8000", "http://localhost:8000/"],
    ["localhost.example", "https://localhost.example/"],
    ["[::1]:8000", "http://[::1]:8000/"],
    ["https://[2001:db8::1]/chat/", "https://[2001:db8::1]/chat/"],
    ["https://bücher.example", "https://xn--bcher-kva.example/"],
    ["https://chat.example:443", "https://chat.example/"],
    ["10.0.0.1:8443", "https://10.0.0.1:8443/"],
    ["https://chat.example./chat", "https://chat.example./chat/"],
  ] as const) {
    assert.equal(readAddress(typed).url.href, href);
  }
});
