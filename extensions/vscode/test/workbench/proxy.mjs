/** A forward proxy that knows where a made-up name leads, and writes down what came by. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:net";

/**
 * @param {Record<string, {host: string, port: number}>} places where each `host:port` leads; there are no others
 * @param {{authorization?: string, port?: number}} options what has to be said to be let through; where it listens
 */
export async function forwardProxy(places, { authorization, port: wanted = 0 } = {}) {
  const seen = [];
  const refused = [];
  const isLetThrough = ({ headers, method, url }) => {
    const isRight = !authorization || headers["proxy-authorization"] === authorization;
    (isRight ? seen : refused).push(`${method} ${url}`);
    return isRight;
  };
  const proxy = createServer((incoming, outgoing) => {
    if (!isLetThrough(incoming))
      return outgoing.writeHead(407, { "Proxy-Authenticate": 'Basic realm="x"' }).end();
    const url = new URL(incoming.url);
    const place = places[`${url.hostname}:${url.port || 80}`];
    if (!place) return outgoing.writeHead(502).end();
    const onward = request(
      {
        ...place,
        method: incoming.method,
        path: url.pathname + url.search,
        headers: incoming.headers,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  proxy.on("connect", (incoming, socket, head) => {
    socket.on("error", () => {});
    if (!isLetThrough(incoming))
      return socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nConnection: close\r\n\r\n',
      );
    const place = places[incoming.url];
    if (!place) return socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    const onward = connect(place.port, place.host, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length) onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  // A socket that is asked for as a request, not as a tunnel.
  proxy.on("upgrade", (incoming, socket, head) => {
    if (!isLetThrough(incoming)) return socket.destroy();
    const url = new URL(incoming.url);
    const place = places[`${url.hostname}:${url.port || 80}`];
    if (!place) return socket.destroy();
    const onward = connect(place.port, place.host, () => {
      const lines = incoming.rawHeaders.reduce(
        (text, part, index) => text + part + (index % 2 ? "\r\n" : ": "),
        "",
      );
      onward.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const each of [socket, onward])
      each.on("error", () => (socket.destroy(), onward.destroy()));
  });
  proxy.listen(wanted, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address();
  const tunnels = new Set();
  proxy.on("connection", (socket) => tunnels.add(socket.on("close", () => tunnels.delete(socket))));
  const close = () => {
    proxy.close();
    for (const socket of tunnels) socket.destroy();
  };
  return { port, seen, refused, close };
}
