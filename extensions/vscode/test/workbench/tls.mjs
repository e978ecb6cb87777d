/** Certificates made at the time of the test, and servers that show them. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";

export class Authority {
  folder = mkdtempSync(path.join(os.tmpdir(), "media-chat-tls-"));

  constructor() {
    this.#openssl(
      "req",
      "-x509",
      ...KEY,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=The test's own authority",
      "-days",
      "2",
    );
  }

  /** The file by which others come to trust it. */
  get file() {
    return path.join(this.folder, "ca.pem");
  }

  /** A certificate for this name; one of fewer than no days has expired. */
  certificate(name, days = 2) {
    writeFileSync(path.join(this.folder, "names"), `subjectAltName=DNS:${name}\n`);
    this.#openssl("req", ...KEY, "-keyout", "own.key", "-out", "own.csr", "-subj", `/CN=${name}`);
    this.#openssl(
      "x509",
      "-req",
      "-in",
      "own.csr",
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-days",
      String(days),
      "-extfile",
      "names",
      "-out",
      "own.pem",
    );
    return this.#read("own");
  }

  /** One that nobody signed but itself. */
  selfSigned(name) {
    this.#openssl(
      "req",
      "-x509",
      ...KEY,
      "-keyout",
      "self.key",
      "-out",
      "self.pem",
      "-subj",
      `/CN=${name}`,
      "-addext",
      `subjectAltName=DNS:${name}`,
      "-days",
      "2",
    );
    return this.#read("self");
  }

  #read(name) {
    const file = (kind) => readFileSync(path.join(this.folder, `${name}.${kind}`));
    return { key: file("key"), cert: file("pem") };
  }

  #openssl(...args) {
    const { status, stderr } = spawnSync("openssl", args, { cwd: this.folder, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  }
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Ends TLS before a server, sockets too. @returns {Promise<{port: number, close: () => void}>} */
export async function tlsBefore(server, certificate) {
  const proxy = createServer(certificate, (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = request(
      { host: server.host, port: server.port, method, path: url, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  proxy.on("upgrade", (incoming, socket, head) => {
    const { url, rawHeaders } = incoming;
    const onward = connect(server.port, server.host, () => {
      const lines = rawHeaders.reduce(
        (text, part, index) => text + part + (index % 2 ? "\r\n" : ": "),
        "",
      );
      onward.write(`GET ${url} HTTP/1.1\r\n${lines}\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const each of [socket, onward])
      each.on("error", () => (socket.destroy(), onward.destroy()));
  });
  proxy.on("tlsClientError", () => {});
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return { port: proxy.address().port, close: () => (proxy.closeAllConnections(), proxy.close()) };
}
