/** What the page needs of where it is shown: a browser's tab, or an editor that shows it in a view. */
import type { KeyStorage } from "../../client/types.js";
import type { Attachment, Code, Room } from "../../protocol.js";

export interface Host {
  /** The address of the chat, with a slash at its end: links below it lead to its rooms. */
  readonly address: string;
  /** Whether keys that are held down with Ctrl are the page's. */
  readonly takesCtrl: boolean;
  /** The server's pages about one's account; those that are missing are not offered. */
  readonly accountPages: AccountPages;
  readonly media: Media;
  readonly tabs: Tabs;
  /** Outlasts the page. Its methods may throw: storage may be full or forbidden. */
  readonly storage: KeyStorage;
  /** The same for this tab alone. */
  readonly tabStorage: KeyStorage;
  /** The address bar, where there is one that names the room. */
  readonly addressBar?: AddressBar;
  /** What was shown before, where the page is loaded again though the person has not left. */
  readonly lastView?: LastView;

  emoji(): EmojiSource;
  /** Where one signs in and then comes back to this place; "" where that is not by a link. */
  signInAddress(): string;

  /** Shows the rooms, where they are listed beside the page; left out where the page lists them. */
  showRooms?(): void;
  /** Shows an image; left out where the page does. */
  openImage?(image: Attachment): void;
  /** Shows shared lines in the reader's own checkout; left out where there is none. */
  openCode?(code: Code): void;
}

export interface AccountPages {
  profile?: string;
  password?: string;
  twoStep?: string;
  sessions?: string;
  admin?: string;
  signOut?: string;
}

/** The server's files. */
export interface Media {
  /** Where a link to a file leads. */
  link(path: string): string;
  /** What shows a file: its address, or one that comes later. What fails is asked for again. */
  source(path: string): string | Promise<string>;
}

/** The tabs of a browser, each of which keeps drafts of its own. */
export interface Tabs {
  /** This one's id; "" where tabs cannot tell each other apart, and share their drafts. */
  readonly id: string;
  /** Which of these tabs are open. */
  open(): Promise<(id: string) => boolean>;
}

/** The address of the page, as far as it names a room. */
export interface AddressBar {
  /** A public room that it names and the person is not in. */
  readonly offered: Room | null;
  /** The room and the number of the message that it names; "" and null where it names none. */
  read(): { room: string; number: number | null };
  /** The room that was open when the page was last left. */
  lastRoom(): string | null;
  /** Keeps which room is open; with `isNamed`, Back leads away from it. */
  show(roomId: string, options: { isNamed: boolean }): void;
  /** No room is open now, nor will be when the page is loaded again. */
  clear(): void;
  /** Asks the server what may be seen of the room, if that is still to be asked. */
  askServer(): boolean;
  /** Tells when the person went back or forward. @returns what ends that */
  follow(listener: () => void): () => void;
}

/** Where a reader was. */
export interface View {
  room: string;
  /** The history in which the number counts: after a restore it means another message. */
  epoch: string | null;
  /** The first message in view; 0 at the end of the room. */
  number: number;
  /** How far its top is from that of the list, in pixels. */
  offset: number;
}

export interface LastView {
  /** The room that was shown; "" for none. */
  room: string;
  view: View | null;
}

export interface Emoji {
  unicode: string;
  annotation: string;
  shortcodes?: string[];
}

/** Custom emoji, which the page does not use, have no `unicode`. */
export interface EmojiSource {
  getEmojiByGroup(group: number): Promise<(Emoji | object)[]>;
  getEmojiBySearchQuery(query: string): Promise<(Emoji | object)[]>;
  getEmojiByShortcode(code: string): Promise<Emoji | object | null>;
}
