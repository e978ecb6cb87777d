/** @type {WeakMap<import("./types.js").Socket, (message: any) => void>} */
const takers = new WeakMap();

/**
 * What comes on a socket is for this client.
 * @param {import("./types.js").Socket} socket
 * @param {(message: any) => void} take
 */
export function takeFrom(socket, take) {
  takers.set(socket, take);
}

/**
 * The objects of a frame: one, or an array of them. None where it is not JSON.
 * @param {string} text
 * @returns {any[]}
 */
export function messagesIn(text) {
  try {
    const frame = JSON.parse(text);
    return Array.isArray(frame) ? frame : [frame];
  } catch {
    return []; // not ours to understand
  }
}

/**
 * Applies one object from the server to the client that owns this socket. Types that are not
 * known are ignored, so that servers can grow. `ChatClient.receive` calls it for each object of a
 * frame; call it to feed a client from somewhere else, such as a recording.
 *
 * @param {{type: string, [field: string]: any}} message an event, a reply or an error
 * @param {import("./types.js").Socket | null} socket
 *
 * @example
 * handleIncomingMessage({ type: "typing", room: id, user: "grace" }, client.socket);
 */
export function handleIncomingMessage(message, socket) {
  if (socket) takers.get(socket)?.(message);
}
