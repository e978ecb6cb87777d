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

/**
 * The events of a client (`CustomEvent`), each with its `detail`. `room` is the id of a room, `user` a
 * username. Changes that come together are told once.
 */
export interface ClientEvents {
  /** `state`, `retryAt` or `trouble` of the client. */
  state: Detail;
  /** The set of rooms. */
  rooms: Detail;
  /** A room's name, members, unread count, … */
  room: { room: string };
  /**
   * What happens in all rooms, whether their feeds are open or not. `change` is `sent` for a new message,
   * also one's own, `changed` for one that was edited or got a reaction, and `deleted`. After a reconnect
   * what was missed is told too, once, a message as it is then.
   */
  message: { room: string; message: wire.Message; change: Change };
  /**
   * Too much was missed there, so that not all of it is told: more than 1,000 changes where `message` is
   * listened to, else more than 200, of which `mention` and `message-changed` tell none. `history` has it,
   * after the number `after`.
   */
  skipped: { room: string; after: number };
  /** A room's feed, as far as it is held; see `Feed.open`. */
  messages: { room: string };
  /** What is unsent. */
  outbox: Detail;
  /** An unsent message goes without this file, which the server refused. */
  "left-out": { room: string; upload: FileUpload };
  typing: { room: string };
  presence: { user?: string };
  people: Detail;
  blocked: Detail;
  requests: Detail;
  /** Somebody took the person out of a room; `by` is a username. It comes before `rooms`. */
  removed: { room: string; name: string; by: string | null; position: number };
  /** The server's history was restored from a backup. What was held of it is dropped, what is unsent kept. */
  restored: Detail;
  /**
   * A new message from someone else, whom this person has not blocked, that names them, or that came in a
   * direct room.
   */
  mention: { room: string; message: wire.Message };
  /**
   * A message was edited, deleted or got a reaction, such as one that `mention` told. It costs less than
   * `message`: after a long absence it may leave some out.
   */
  "message-changed": { room: string; message: wire.Message };
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
