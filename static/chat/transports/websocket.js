import { addressOn } from "../client/lib/addresses.js";
import { ChatError } from "../client/lib/errors.js";
import { CloseCode, ErrorCode, SUBPROTOCOL } from "../protocol.js";
import { upload } from "./upload.js";

const LOST = 1006;
/** What an HTTP answer to the request for a ticket means, as a closing code. */
const CLOSING_CODES = new Map([
  [401, CloseCode.NOT_SIGNED_IN],
  [403, CloseCode.BANNED],
  [410, CloseCode.NOT_SIGNED_IN],
  [429, CloseCode.TOO_FAST],
]);

/** @typedef {import("../client/connection/types.js").Socket} Socket */
/** @typedef {import("../client/connection/types.js").Transport} Transport */

/**
 * The way to the server over a WebSocket.
 *
 * @implements {Transport}
 *
 * @example
 * // In a page of the server itself, with its cookies:
 * new WebSocketTransport({ server: location.origin });
 * // Anywhere else, with a session token:
 * new WebSocketTransport({ server: "https://chat.example", sessionToken });
 */
export class WebSocketTransport {
  #server;
  #sessionToken;
  #WebSocket;

  /**
   * @param {{
   *   server: string,
   *   sessionToken?: string | null,
   *   WebSocket?: typeof globalThis.WebSocket,
   * }} options
   */
  constructor({ server, sessionToken = null, WebSocket = globalThis.WebSocket }) {
    if (!WebSocket) {
      const detail =
        "This platform has no WebSocket. In Node before 22, install ws and pass its class: {WebSocket}.";
      throw new ChatError(ErrorCode.BAD_REQUEST, detail);
    }
    this.#server = server;
    this.#sessionToken = sessionToken;
    this.#WebSocket = WebSocket;
  }

  /** @param {import("../client/connection/types.js").TransportHandlers} handlers */
  open(handlers) {
    const door = new Door(handlers);
    if (this.#sessionToken === null) {
      door.enter(new this.#WebSocket(this.#address("/ws/")));
    } else {
      void this.#openWithTicket(door);
    }
    return door;
  }

  /**
   * @param {Blob} file
   * @param {import("../client/connection/types.js").UploadOptions} options
   */
  upload(file, options) {
    return upload(file, { ...options, server: this.#server, sessionToken: this.#sessionToken });
  }

  // A ticket opens one socket, once: a new one is taken for each connection.
  /** @param {Door} door */
  async #openWithTicket(door) {
    try {
      const response = await fetch(addressOn(this.#server, "/api/v1/tickets"), {
        method: "POST",
        headers: { "X-Session-Token": /** @type {string} */ (this.#sessionToken) },
        credentials: "omit",
        signal: door.signal,
      });
      if (!response.ok) return door.shut(CLOSING_CODES.get(response.status) ?? LOST);
      const { ticket } = await response.json();
      if (door.signal.aborted) return;
      const protocols = [SUBPROTOCOL, `ticket.${ticket}`];
      door.enter(new this.#WebSocket(this.#address("/ws/client/"), protocols));
    } catch {
      door.shut(LOST);
    }
  }

  /** @param {string} path */
  #address(path) {
    const url = addressOn(this.#server, path);
    url.protocol = url.protocol.replace("http", "ws");
    return url;
  }
}

/**
 * One connection, from the request for a ticket to its end.
 * @implements {Socket}
 */
class Door {
  #handlers;
  #abort = new AbortController();
  /** @type {WebSocket | null} */
  #webSocket = null;
  #isShut = false;

  /** @param {import("../client/connection/types.js").TransportHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  get signal() {
    return this.#abort.signal;
  }

  /** @param {WebSocket} webSocket */
  enter(webSocket) {
    this.#webSocket = webSocket;
    webSocket.addEventListener("open", () => this.#handlers.onOpen(this));
    webSocket.addEventListener("message", ({ data }) => this.#handlers.onFrame(data));
    webSocket.addEventListener("close", ({ code }) => this.shut(code));
  }

  /** @param {number} code */
  shut(code) {
    if (this.#isShut) return;
    this.#isShut = true;
    this.#handlers.onClose(code);
  }

  /** @param {string} text */
  send(text) {
    if (this.#webSocket?.readyState === 1) this.#webSocket.send(text);
  }

  close() {
    this.#abort.abort();
    this.#webSocket?.close();
  }
}
