/** Unsent messages, and where they are kept. */
import type * as wire from "../../protocol.js";
import type { FileUpload } from "../uploads/file-upload.js";

/** What of `localStorage` the outbox uses. */
export type KeyStorage = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

/** What a browser tells of another tab's change of the storage; `key` is null where all is gone. */
export interface StorageChange {
  key: string | null;
  oldValue?: string | null;
  newValue?: string | null;
}

/** What a writer gives a message, as the message has it then: files, for one, and not only their ids. */
export type Written = Pick<
  wire.Message,
  Exclude<keyof wire.MessageSendCommand, "type" | "ref" | "room" | "client_id">
>;

/** What is known of a message that is not stored, beside what was written. */
export type Known = "id" | "room" | "number" | "sender" | "client_id" | "created_at" | "quote";

/** What every client knows of that. */
type KnownToAll = "body" | "attachments" | "reply_to";

/** A message in the outbox. One that an older client stored lacks the fields that this did not know. */
export interface Unsent extends Pick<Written, KnownToAll>, Partial<Omit<Written, KnownToAll>> {
  client_id: string;
  room: string;
  /** What the room was called when it was written; left out by older clients. */
  room_name?: string;
  /** Ids of those attachments which are not uploaded yet: the keys of their files. */
  uploading?: string[];
  quote: wire.Quote | null;
  /** What it replies to, while it is tried whether the server takes it without. */
  unquoted?: Pick<Unsent, "reply_to" | "quote">;
  created_at: string;
  /** Grows from one message to the next. */
  order: number;
  /** `sending` is sent by itself, as often as it takes; `failed` when somebody says so. */
  state: "sending" | "failed";
  /** Why it failed, or why it was not taken when it was last sent. */
  error: { code: string; detail: string } | null;
}

/** An unsent message, and where it is. */
export interface ShownUnsent extends Unsent {
  /** Another tab has sent it. It is on its way here. */
  elsewhere: boolean;
  /** There was no room to store it: it is lost with this page. */
  unstored: boolean;
  /** Its files that are on their way from here. */
  uploads: FileUpload[];
}
