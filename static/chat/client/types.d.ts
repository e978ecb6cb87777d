/** The types of the JavaScript client. What goes over the wire is in protocol.d.ts. */
import type { ChatError } from "./lib/errors.js";
import type { FileUpload } from "./uploads/file-upload.js";
import type { Feed } from "./message-log/feed.js";
import type * as wire from "../protocol.js";

export type ConnectionState = "connecting" | "online" | "offline" | "signed_out" | "banned";

/** Calls back after so many milliseconds, unless the function it returns is called before. */
export type SetTimer = (callback: () => void, milliseconds: number) => () => void;

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

/** What a file on its way asks of those who upload it. */
export interface UploadQueue {
  begin(upload: FileUpload): void;
  retry(upload: FileUpload): void;
  cancel(upload: FileUpload): void;
}

/** Where files that are not uploaded yet outlive the program. */
export interface KeptFiles {
  /** Whether anything does here. */
  readonly isThere: boolean;
  /** What the keys of its files begin with, before a UUID. */
  readonly prefix: string;
  /** Resolves to whether it is stored. */
  put(key: string, file: File): Promise<boolean>;
  /** Resolves to null where it is not there, or cannot be read. */
  get(key: string): Promise<File | null>;
  delete(key: string): Promise<void>;
  /** Deletes what nobody came back for. */
  deleteOld(): Promise<void>;
}

/** Files that another program of this person uploads, such as the host of an editor's page. */
export interface UploadsElsewhere {
  has(key: string): boolean;
  /** A file of that program, which moves here as it does there. */
  follow(file: { key: string; name: string; size: number }): FileUpload;
}

export interface ReadOptions {
  /** The answer is not wanted any more. */
  signal?: AbortSignal;
  /** It failed for a reason that passes, and is asked again by itself. */
  onWait?: (error: ChatError) => void;
}

/** How something is tried again. */
export interface RetryOptions extends ReadOptions {
  /** Whether it is worth another attempt after this error. */
  mayPass?: (error: unknown) => boolean;
  /** The pauses, in milliseconds: from `least` to `least` plus a bound that doubles up to `cap`. */
  waits?: { least?: number; base?: number; cap?: number };
}

/** What of `localStorage` the outbox uses. */
export type KeyStorage = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

/** What a browser tells of another tab's change of the storage; `key` is null where all is gone. */
export interface StorageChange {
  key: string | null;
  oldValue?: string | null;
  newValue?: string | null;
}

/** Where the browser says that it is online, or that another tab wrote to the storage. */
export type BrowserEvents = Pick<EventTarget, "addEventListener" | "removeEventListener">;

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

/** A step that signing in still needs, as django-allauth names it: `mfa_authenticate`, … */
export interface Flow {
  id: string;
  is_pending?: boolean;
}

/** A message in the outbox. */
export interface Unsent {
  client_id: string;
  room: string;
  /** What the room was called when it was written; left out by older clients. */
  room_name?: string;
  body: string;
  attachments: wire.Attachment[];
  /** Ids of those attachments which are not uploaded yet: the keys of their files. */
  uploading?: string[];
  reply_to: string | null;
  /** Left out by clients that share no code. */
  code?: wire.Code | null;
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

export type AnyCommand = { type: string; [field: string]: unknown };

type WithoutRef<T> = T extends unknown ? Omit<T, "ref"> : never;

/** A command as callers write it: the client chooses its `ref`, and a `client_id` if it has none. */
export type Sendable =
  | WithoutRef<Exclude<wire.Command, wire.MessageSendCommand>>
  | (Omit<wire.MessageSendCommand, "ref" | "client_id"> & { client_id?: string });

export type Answer =
  | { type: "reply"; ref: string; [field: string]: any }
  | { type: "error"; ref: string; code: string; detail: string };

type Stored = { message: wire.Message; position: number };
type InRoom = { room: wire.Room };
/** Strangers who are no members until they accept, where the server has them asked. */
type Asked = { asked?: string[] };
type Nothing = {};

/** What the reply to each command holds. */
export interface Replies {
  sync: Nothing;
  "message.send": Stored;
  "message.edit": Stored;
  "message.delete": Stored;
  "message.react": Stored;
  "message.report": Nothing;
  "message.revisions": { revisions: wire.Revision[]; more: boolean };
  history: { messages: wire.Message[]; more: boolean };
  "room.open": InRoom & Asked;
  "room.join": InRoom;
  "room.leave": InRoom;
  "room.put_away": InRoom;
  "room.accept": InRoom;
  "room.refuse": Nothing;
  "room.rename": InRoom;
  "room.add": InRoom & Asked;
  "room.remove": InRoom;
  "room.role": InRoom;
  "room.members": { members: wire.Member[]; more: boolean };
  "room.read": Nothing;
  "room.find": { rooms: wire.Room[]; more: boolean };
  "people.find": { people: wire.Person[]; more: boolean; members?: string[] };
  "room.unread": { rooms: Record<string, wire.Unread> };
  "people.get": { people: wire.Person[] };
  "person.block": Nothing;
  "user.update": { user: wire.Me };
  typing: Nothing;
  ping: Nothing;
}
