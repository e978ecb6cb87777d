/** In the browser's own host the platform has all that is needed. */
export const WebSocket = globalThis.WebSocket;

/** A browser does not tell how much of a request it has sent: all of it, at the end. */
export function counted(body: Blob, _progress: (sent: number) => void): RequestInit {
  return { body };
}
