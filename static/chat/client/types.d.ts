/** The types of the JavaScript client, for those who use it. What goes over the wire is in protocol.d.ts. */
import type { BrowserEvents, Transport } from "./connection/types.js";
import type { SetTimer } from "./lib/types.js";
import type { KeyStorage } from "./outbox/types.js";
import type { KeptFiles, UploadsElsewhere } from "./uploads/types.js";

export type * from "./connection/types.js";
export type * from "./lib/commands.js";
export type * from "./lib/types.js";
export type * from "./message-log/types.js";
export type * from "./outbox/types.js";
export type * from "./retry/types.js";
export type * from "./state/types.js";
export type * from "./uploads/types.js";

export interface ClientOptions {
  transport: Transport;
  /** Keeps unsent messages; `localStorage` in a browser, otherwise memory. */
  storage?: KeyStorage | null;
  /** The wall clock, in milliseconds: what is shown or stored. */
  now?: () => number;
  /** A clock that nobody sets, in milliseconds: what is measured. */
  monotonic?: () => number;
  random?: () => number;
  setTimer?: SetTimer;
  events?: BrowserEvents | null;
  /** Keeps files that are not uploaded yet; a browser's own, otherwise memory. */
  indexedDB?: IDBFactory;
  /** Tells tabs which of them uploads a file; a browser's own. */
  locks?: Pick<LockManager, "request">;
  /** Keeps files that are not uploaded yet, instead of `indexedDB`. */
  files?: KeptFiles;
  /** Files that another program uploads with what this one finds in the storage. */
  uploadsElsewhere?: UploadsElsewhere;
  /**
   * The id of the person, where it is known before the server says so: what they left unsent is there
   * at once, also while the server is away.
   */
  userId?: string;
}
