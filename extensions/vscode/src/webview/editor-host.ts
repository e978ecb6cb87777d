import type { Host, LastView, View } from "../../../../static/chat/page/host/host.js";
import type { Attachment, Code } from "../../../../static/chat/protocol.js";
import { readCode } from "../bridge/protocol.js";
import { SHOWN } from "../chat/shown-room.js";
import { EmojiDatabase } from "./emoji.js";
import { tellHost } from "./host.js";
import { blobUrl } from "./media.js";
import type { HostStorage } from "./storage.js";

const PLACE = "mediachat.place";

/** An editor, whose extension keeps what is stored and fetches what is shown: the page asks no server. */
export class EditorHost implements Host {
  /** Ctrl+K begins many of the editor's own shortcuts; the page would take it for its search. */
  readonly takesCtrl = false;
  readonly accountPages = {};
  /** A link names the file; what happens on a click is decided in links.ts. */
  readonly media = { link: (path: string) => path, source: blobUrl };
  /** All windows of an editor share their drafts. */
  readonly tabs = { id: "", open: () => Promise.resolve(() => false) };
  readonly lastView: LastView;
  readonly #emoji = new EmojiDatabase();

  constructor(
    readonly address: string,
    readonly storage: HostStorage,
  ) {
    this.lastView = new StoredView(storage);
  }

  get tabStorage(): Storage {
    return sessionStorage;
  }

  emoji(): EmojiDatabase {
    return this.#emoji;
  }

  signInAddress(): string {
    return "";
  }

  /** The editor's own tree lists them, beside the page. */
  showRooms(): void {
    tellHost({ type: "show-rooms" });
  }

  openImage({ url, name }: Attachment): void {
    tellHost({ type: "open-image", path: url, name });
  }

  openCode(shared: Code): void {
    const code = readCode(shared);
    if (code) tellHost({ type: "open-code", code });
  }
}

/** So that a reload of the window leads back to where one was. */
class StoredView implements LastView {
  constructor(private readonly storage: HostStorage) {}

  get room(): string {
    return this.storage.getItem(SHOWN) ?? "";
  }

  set room(room: string) {
    this.storage.setItem(SHOWN, room);
  }

  get view(): View | null {
    try {
      return JSON.parse(this.storage.getItem(PLACE) ?? "null") as View | null;
    } catch {
      return null;
    }
  }

  set view(view: View | null) {
    this.storage.setItem(PLACE, JSON.stringify(view));
  }
}
