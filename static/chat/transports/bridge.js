/**
 * The way to the server for a page that may not open connections, such as a VS Code webview:
 * it posts its frames to the program that holds it, and that program sends them on.
 *
 * {@link BridgeTransport} runs in the page, {@link relay} in the program. Both speak over a
 * `Port`: in a webview, `acquireVsCodeApi().postMessage` and the window's `message` events; in
 * an extension host, `webview.postMessage` and `webview.onDidReceiveMessage`. The session token
 * stays with the program.
 *
 * Messages are objects with `bridge`, which says what they are, and `id`, which of the page's
 * sockets or uploads they belong to.
 *
 * @typedef {Object} Port
 * @property {(message: object) => void} post
 * @property {(listener: (message: any) => void) => void} listen
 *
 * @typedef {import("../client/connection/types.js").Transport} Transport
 * @typedef {import("../client/connection/types.js").Socket} Socket
 */
import { ChatError } from "../client/lib/errors.js";
import { ErrorCode } from "../protocol.js";

/**
 * @implements {Transport}
 *
 * @example
 * const vscode = acquireVsCodeApi();
 * const transport = new BridgeTransport({
 *   post: (message) => vscode.postMessage(message),
 *   listen: (listener) => addEventListener("message", ({ data }) => listener(data)),
 * });
 */
export class BridgeTransport {
  /** @type {Map<number, (message: any) => void>} */
  #open = new Map();
  #last = 0;
  #port;

  /** @param {Port} port */
  constructor(port) {
    this.#port = port;
    port.listen((message) => message?.bridge && this.#open.get(message.id)?.(message));
  }

  /**
   * @param {import("../client/connection/types.js").TransportHandlers} handlers
   * @returns {Socket}
   */
  open({ onOpen, onFrame, onClose }) {
    const id = ++this.#last;
    /** @type {Socket} */
    const socket = {
      send: (text) => this.#port.post({ bridge: "send", id, text }),
      close: () => {
        this.#open.delete(id);
        this.#port.post({ bridge: "close", id });
      },
    };
    this.#open.set(id, ({ bridge, text, code, detail }) => {
      if (bridge === "opened") onOpen(socket);
      else if (bridge === "frame") onFrame(text);
      else if (bridge === "closed") {
        this.#open.delete(id);
        onClose(code, detail);
      }
    });
    this.#port.post({ bridge: "open", id });
    return socket;
  }

  /**
   * @param {Blob} file
   * @param {import("../client/connection/types.js").UploadOptions} options
   * @returns {Promise<import("../protocol.js").Attachment>}
   */
  async upload(file, { onProgress, signal }) {
    const id = ++this.#last;
    const bytes = await file.arrayBuffer();
    const name = /** @type {File} */ (file).name ?? "file";
    return new Promise((resolve, reject) => {
      this.#open.set(id, ({ bridge, attachment, code, detail, retryAfter, sent, total }) => {
        if (bridge === "progress") return onProgress?.(sent, total);
        this.#open.delete(id);
        if (bridge === "uploaded") resolve(attachment);
        else reject(new ChatError(code, detail, { retryAfter }));
      });
      const abort = () => this.#port.post({ bridge: "abort", id });
      this.#port.post({ bridge: "upload", id, name, type: file.type, bytes });
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}

/**
 * Answers a {@link BridgeTransport} at the other end of a port with a real transport.
 *
 * @param {Port} port
 * @param {Transport} transport
 * @returns {() => void} ends what the page has open: call it when the page is gone
 *
 * @example
 * const end = relay(
 *   { post: (message) => webview.postMessage(message),
 *     listen: (listener) => webview.onDidReceiveMessage(listener) },
 *   new WebSocketTransport({ server, sessionToken }),
 * );
 */
export function relay(port, transport) {
  /** @type {Map<number, Socket>} */
  const sockets = new Map();
  /** @type {Map<number, AbortController>} */
  const uploads = new Map();

  /** @param {number} id */
  const open = (id) => {
    const socket = transport.open({
      onOpen: () => port.post({ bridge: "opened", id }),
      onFrame: (text) => port.post({ bridge: "frame", id, text }),
      onClose: (code, detail) => {
        sockets.delete(id);
        port.post({ bridge: "closed", id, code, detail });
      },
    });
    sockets.set(id, socket);
  };

  /** @param {{id: number, name: string, type: string, bytes: ArrayBuffer}} request */
  const upload = async ({ id, name, type, bytes }) => {
    const abort = new AbortController();
    uploads.set(id, abort);
    try {
      const attachment = await transport.upload(new File([bytes], name, { type }), {
        signal: abort.signal,
        onProgress: (sent, total) => port.post({ bridge: "progress", id, sent, total }),
      });
      port.post({ bridge: "uploaded", id, attachment });
    } catch (error) {
      const {
        code = ErrorCode.SERVER_ERROR,
        detail = String(error),
        retryAfter,
      } = /** @type {ChatError} */ (error);
      port.post({ bridge: "failed", id, code, detail, retryAfter });
    }
    uploads.delete(id);
  };

  port.listen((message) => {
    if (message?.bridge === "open") open(message.id);
    else if (message?.bridge === "send") sockets.get(message.id)?.send(message.text);
    else if (message?.bridge === "upload") void upload(message);
    else if (message?.bridge === "abort") uploads.get(message.id)?.abort();
    else if (message?.bridge === "close") {
      sockets.get(message.id)?.close();
      sockets.delete(message.id);
    }
  });

  return () => {
    for (const socket of sockets.values()) socket.close();
    for (const abort of uploads.values()) abort.abort();
    sockets.clear();
  };
}
