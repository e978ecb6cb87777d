/** What surrounds a part of the page in its tests: the page's own base, which draws nothing here. */
import { ChatElement } from "../../../static/chat/page/lib/element.js";
import { MemoryStorage } from "./storage.js";

/** A component that counts how often it would be drawn. */
export class FakePage extends ChatElement {
  drawn = 0;
  roomId = "";
  /** @type {"rooms" | "room"} */
  screen = "rooms";
  listsRooms = true;
  /** @type {string[]} what the person was told */
  said = [];
  /** @type {{room: string, options: Record<string, unknown>}[]} */
  opened = [];

  /** @param {Partial<import("../../../static/chat/page/lib/context.js").Given>} given */
  constructor(given) {
    super();
    Object.assign(this, given);
  }

  requestUpdate() {
    this.drawn += 1;
  }

  /** @param {string} words */
  say(words) {
    this.said.push(words);
  }

  /**
   * @param {string} room
   * @param {Record<string, unknown>} options
   */
  openRoom(room, options) {
    this.opened.push({ room, options });
    this.roomId = room;
  }

  showRooms() {
    this.screen = "rooms";
  }
}

globalThis.customElements.define("fake-page", FakePage);

/**
 * A host that is neither a browser nor an editor, with what a test cares for.
 * @param {Partial<import("../../../static/chat/page/host/host.js").Host>} [parts]
 */
export const fakeHost = (parts) =>
  /** @type {import("../../../static/chat/page/host/host.js").Host} */ ({
    address: "https://chat.example/",
    takesCtrl: true,
    accountPages: {},
    tabs: { id: "", open: () => Promise.resolve(() => false) },
    storage: new MemoryStorage(),
    tabStorage: new MemoryStorage(),
    signInAddress: () => "",
    ...parts,
  });
