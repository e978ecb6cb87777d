/** What the page's components tell each other: every DOM event of the page, with its detail. */
import type { ReadOptions, FeedMessage } from "../../client/types.js";
import type { FileUpload } from "../../client/uploads/file-upload.js";
import type { Attachment, Message, Room } from "../../protocol.js";

/** Asks before something that cannot be taken back. */
export interface Question {
  title: unknown;
  text: string;
  /** What the button says. */
  action: string;
  run: (options: ReadOptions) => Promise<unknown> | void;
}

/** Events that open a dialog. */
export interface DialogEvents {
  "start-chat": { tab?: "person" | "new" | "find"; query?: string };
  "show-details": { room: Room };
  "show-revisions": { message: Message };
  report: { message: Message };
  confirm: Question;
  "open-image": { image: Attachment; attachments: Attachment[] };
  "show-profile": void;
  "show-blocked": void;
  "show-unsent": void;
  "show-shortcuts": void;
}

/** All events, by name; `void` where there is nothing more to say. */
export interface PageEvents extends DialogEvents {
  "dialog-closed": void;

  /** The id of a room. */
  "open-room": { room: string };
  "show-rooms": void;
  "put-away": { room: string };
  /** The person leaves a room of their own will. */
  leaving: { room: string };
  "offer-accepted": void;
  "offer-declined": void;

  /** What the person has to know now. */
  said: { text: string };
  /** What was not done, and why: a `ChatError`, or what else went wrong. */
  refused: unknown;
  /** A new message came into the open room. */
  heard: { message: Message };

  "focus-search": void;
  "focus-composer": void;
  "pick-emoji": { beside: HTMLElement; chosen: (emoji: string) => void };

  /** Begins to change a message; null ends it. */
  edit: { message: FeedMessage | null };
  "edit-last": void;
  reply: { message: FeedMessage };
  "write-again": { message: FeedMessage };
  "add-files": { files: File[] };
  /** Leads to the message that has this number. */
  jump: { number: number };
  sent: void;
  /** A long message was folded or not; `by` is how far find-in-page had scrolled inside of it. */
  fold: { isFolded: boolean; by: number };
  "remove-upload": { upload: FileUpload };
  "menu-closed": void;
  "choose-person": { person: { username: string; display_name: string } };
}

export type PageEvent<T extends keyof PageEvents> = CustomEvent<PageEvents[T]>;

/** The arguments that follow an event's name: none where it has no detail. */
export type Detail<T extends keyof PageEvents> = undefined extends PageEvents[T]
  ? [detail?: PageEvents[T]]
  : [PageEvents[T]] extends [void]
    ? []
    : [detail: PageEvents[T]];

export type PageListeners = { [T in keyof PageEvents]?: (detail: PageEvents[T]) => void };

/** A dialog that is open, and what it is about. */
export type OpenDialog = {
  [T in keyof DialogEvents]: { name: T; detail: DialogEvents[T] };
}[keyof DialogEvents];

type PageEventMap = { [T in keyof PageEvents]: PageEvent<T> };

declare global {
  interface HTMLElementEventMap extends PageEventMap {}
}
