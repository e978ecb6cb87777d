import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { post } from "#platform";

const SIZE = 64 * 1024 * 1024;

async function listening(server: Server): Promise<URL> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

test("what is told of an upload is what the network has taken", async () => {
  let peer: Socket | undefined;
  // Reads the first of it, and then nothing.
  const server = createServer((socket) => {
    peer = socket;
    socket.once("data", () => socket.pause());
    socket.on("error", () => {});
  });
  const url = await listening(server);
  const abort = new AbortController();
  let told = 0;
  const posted = post(url, {
    headers: {},
    body: new Blob([new Uint8Array(SIZE)]),
    signal: abort.signal,
    onSent: (sent) => (told = sent),
  });
  const failed = assert.rejects(posted);
  let before = -1;
  while (told === 0 || told !== before) {
    before = told;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(told > 0 && told < SIZE, `${told} of ${SIZE} bytes were told, though nobody read them`);
  abort.abort();
  await failed;
  peer?.destroy();
  server.close();
});

test("an upload arrives whole, with its length, and the answer comes back", async () => {
  const server = createHttpServer((request, response) => {
    let bytes = 0;
    request.on("data", (part: Buffer) => (bytes += part.length));
    request.on("end", () =>
      response.writeHead(201).end(`${bytes} of ${request.headers["content-length"]}`),
    );
  });
  const url = await listening(server);
  let told = 0;
  const answer = await post(url, {
    headers: {},
    body: new Blob(["some words"]),
    onSent: (sent) => (told = sent),
  });
  assert.deepEqual(answer, { status: 201, text: "10 of 10" });
  assert.equal(told, 10);
  server.close();
});

test("what a server says before it has read everything is heard", async () => {
  const server = createHttpServer((request, response) => {
    response.writeHead(413, { Connection: "close" }).end("too large");
    request.resume();
  });
  const url = await listening(server);
  const answer = await post(url, {
    headers: {},
    body: new Blob([new Uint8Array(SIZE)]),
    onSent: () => {},
  });
  assert.deepEqual(answer, { status: 413, text: "too large" });
  server.close();
});
