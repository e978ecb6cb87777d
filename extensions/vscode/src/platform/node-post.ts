import type { Posted, Posting } from "./post.js";

/** A blob in memory streams as one piece, which `fetch` takes whole before any of it has gone out. */
const PIECE = 64 * 1024;

/** Posts a body piece by piece, as the network takes them. */
export async function post(url: URL, { headers, body, signal, onSent }: Posting): Promise<Posted> {
  let sent = 0;
  const pieces = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent >= body.size) return controller.close();
      onSent(sent);
      const piece = await body.slice(sent, sent + PIECE).arrayBuffer();
      sent += piece.byteLength;
      controller.enqueue(new Uint8Array(piece));
    },
  });
  // `fetch` asks for `duplex` with a stream. The length is known, so it is sent: not every server
  // takes a body of unknown length.
  const init = { body: pieces, duplex: "half", signal: signal ?? null };
  const response = await fetch(url, {
    ...init,
    method: "POST",
    headers: { ...headers, "Content-Length": String(body.size) },
    credentials: "omit",
    redirect: "error",
  });
  onSent(body.size);
  return { status: response.status, text: await response.text() };
}
