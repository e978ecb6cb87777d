/** How frames and files get to the server and back. */
import type * as wire from "../../protocol.js";
import type { ChatError } from "../lib/errors.js";

export type ConnectionState = "connecting" | "online" | "offline" | "signed_out" | "banned";

/** An open way to the server: a WebSocket, or whatever stands in for it. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

/** How frames get to the server and back. Files go another way, beside the socket. */
export interface Transport {
  /** Returns at once; `close` on what it returns also ends an attempt that is under way. */
  open(handlers: TransportHandlers): Socket;
  upload(file: Blob, options: UploadOptions): Promise<wire.Attachment>;
}

export interface TransportHandlers {
  /** Frames can be sent now. The socket is the one that `open` returned. */
  onOpen(socket: Socket): void;
  onFrame(text: string): void;
  /** Called once, also when it never opened. `code` is a closing code of the protocol. */
  onClose(code: number, detail?: string): void;
}

export interface UploadOptions {
  onProgress?: (sentBytes: number, totalBytes: number) => void;
  signal?: AbortSignal;
  /** It failed for a reason that passes, and is tried again by itself. */
  onWait?: (error: ChatError) => void;
}

/** Where the browser says that it is online, or that another tab wrote to the storage. */
export type BrowserEvents = Pick<EventTarget, "addEventListener" | "removeEventListener">;
