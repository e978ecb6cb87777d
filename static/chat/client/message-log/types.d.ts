/** Messages as feeds show them, and what a feed needs of its client. */
import type * as wire from "../../protocol.js";
import type { Replies } from "../lib/commands.js";
import type { ReadOptions } from "../retry/types.js";
import type { FileUpload } from "../uploads/file-upload.js";

/**
 * A message as a feed shows it. While it is not stored, `number` is that which it would have if
 * nobody else sent anything, and `id` is its `client_id`.
 */
export interface FeedMessage extends wire.Message {
  state: "sent" | "sending" | "failed";
  /** Of one that is `sending`: why it was not taken yet. */
  error: { code: string; detail: string } | null;
  /** Whether it waits for an earlier message of its room that was not taken yet. */
  behind: boolean;
  /** Of one that is `sending`: another tab has sent it, and it is on its way here. */
  elsewhere?: boolean;
  /** Of one that is not `sent`: it is lost with this page, for there was no room to store it. */
  unstored?: boolean;
  /** Of one that is not `sent`: ids of those attachments which are not uploaded yet. */
  uploading?: string[];
  /** Those of them that are on their way from here. */
  uploads?: FileUpload[];
}

/** By which keys messages stand, older first. A message keeps its key, a whole number above 0. */
export interface WindowOrder {
  key(message: wire.Message): number;
  /**
   * Whether nothing lies between two keys; `before` is null for the beginning. Null where keys have
   * holes and do not tell: then what comes live follows what came before it.
   */
  follows(before: number | null, key: number): boolean | null;
}

/** What a window is moved over: a room, or in time a thread, a search result, a filtered view. */
export interface WindowSource extends WindowOrder {
  /** A page before or after a key, or the newest one; `more`: there are others on that side. */
  history(
    page: { before?: number; after?: number; limit: number },
    options?: ReadOptions,
  ): Promise<{ messages: wire.Message[]; more: boolean }>;
  /** The key of the newest message, as far as it is known. */
  newest(): number;
}

export type FeedEvent = wire.MessageEvent | wire.ChangesEvent;

/** What a feed needs of the client that it belongs to. */
export interface FeedHost {
  /** The room as `ready` or events describe it; undefined if it is not one of ours. */
  state(): wire.Room | undefined;
  unsent(): FeedMessage[];
  /** Asks until there is an answer. */
  history(
    page: { before?: number; after?: number; limit: number },
    options?: ReadOptions,
  ): Promise<Replies["history"]>;
  /** What is shown has changed. */
  changed(): void;
  /** Something is missing: `sync` is needed. */
  missed(): void;
  /**
   * The state of a message was learnt; `isNew`: nobody had seen this number before; `before`: what
   * was held of it.
   */
  applied(message: wire.Message, isNew: boolean, before?: FeedMessage): void;
  /** Whether somebody listens to the messages of all rooms. */
  isTold(): boolean;
  /** What the room's log says of a message: each change once, in order. */
  told(message: wire.Message, change: Change): void;
  /**
   * Changes of the room are left out of what is told: there were too many. `after`: the number of
   * the newest message that was seen before.
   */
  skipped(after: number): void;
}

/**
 * What has become of a message: it is new (`sent`), gone (`deleted`), or it has been edited, got
 * another reaction or the like (`changed`).
 */
export type Change = "sent" | "changed" | "deleted";
