/** What a client tells its listeners, and what its state needs of it. */
import type * as wire from "../../protocol.js";
import type { Sendable } from "../lib/commands.js";
import type { SetTimer } from "../lib/types.js";
import type { Feed } from "../message-log/feed.js";
import type { Change } from "../message-log/types.js";
import type { ShownUnsent } from "../outbox/types.js";
import type { ReadOptions } from "../retry/types.js";
import type { FileUpload } from "../uploads/file-upload.js";

/** What a change concerns: a room's id, a username, a message and what has become of it. */
export interface Detail {
  room?: string;
  user?: string;
  upload?: FileUpload;
  message?: wire.Message;
  change?: Change;
  name?: string;
  by?: string | null;
  position?: number;
  after?: number;
}

/** What the store needs of the client that it belongs to. */
export interface ClientStateHost {
  monotonic: () => number;
  setTimer: SetTimer;
  /** Asks until there is an answer, over lost connections and failing servers. */
  read(command: Sendable, options?: ReadOptions): Promise<any>;
  unsent(): ShownUnsent[];
  /** The server has this message of ours. */
  acknowledge(message: wire.Message): void;
  missed(feed: Feed): void;
  /** Whether somebody listens to the messages of all rooms. */
  isTold(): boolean;
  tell(type: string, detail?: Detail): void;
}
