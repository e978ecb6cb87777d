import { WebSocket as NodeWebSocket } from "ws";

/**
 * Hosts before Node 22 have no WebSocket of their own. This one goes through the `http` and
 * `https` modules, which VS Code patches, so that proxies and certificates are the editor's.
 */
class HostWebSocket extends NodeWebSocket {
  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
  }
}

export const WebSocket = HostWebSocket as unknown as typeof globalThis.WebSocket;

/**
 * A request's body that tells how much of it has been taken by the network.
 *
 * `fetch` asks for `duplex` with a stream; the length is known, so it is sent, because not
 * every server takes a body that comes in chunks of unknown number.
 */
export function counted(body: Blob, progress: (sent: number) => void): RequestInit {
  let sent = 0;
  const reader = body.stream().getReader();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      sent += value.byteLength;
      progress(sent);
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const init = { body: stream, duplex: "half", headers: { "Content-Length": String(body.size) } };
  return init;
}
