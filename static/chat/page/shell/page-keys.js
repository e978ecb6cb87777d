import { closePopovers } from "../lib/popover.js";
import { listedRooms, unread } from "../lib/rooms.js";
import { shortcutFor } from "../lib/shortcuts.js";

/**
 * The page, as far as its keys move it.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   roomId: string,
 *   focusComposer: () => void,
 *   findRoom: () => void,
 *   openRoom: (roomId: string) => unknown,
 *   say: (words: string) => void,
 * }} Page
 */

/** Keys that work anywhere in the page; those that are held down with Ctrl may be an editor's. */
export class PageKeys {
  #page;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    page.addController(this);
  }

  hostConnected() {
    addEventListener("keydown", this.#onKey);
  }

  hostDisconnected() {
    removeEventListener("keydown", this.#onKey);
  }

  /** @param {KeyboardEvent} event */
  #onKey = (event) => {
    const page = this.#page;
    if (!page.host.takesCtrl && (event.ctrlKey || event.metaKey)) return;
    /** @type {Record<string, () => void>} */
    const acts = {
      write: () => page.focusComposer(),
      "find-room": () => page.findRoom(),
      "next-room": () => this.#step(1),
      "previous-room": () => this.#step(-1),
      "next-unread": () => this.#stepToUnread(1),
      "previous-unread": () => this.#stepToUnread(-1),
      "show-shortcuts": () => page.tell("show-shortcuts"),
    };
    const act = acts[shortcutFor(event) ?? ""];
    if (!act) return;
    event.preventDefault();
    if (page.querySelector("dialog[open]")) return;
    closePopovers(page);
    act();
  };

  /** @param {1 | -1} by */
  #stepToUnread(by) {
    if (!this.#step(by, (room) => unread(room) > 0)) this.#page.say("Nothing else is unread.");
  }

  /**
   * Opens the next room of the list, or the one before.
   * @param {1 | -1} by
   * @param {(room: import("../../protocol.js").Room) => boolean} [isMeant] which of them
   * @returns {boolean} whether there is one
   */
  #step(by, isMeant = () => true) {
    const { client, roomId } = this.#page;
    const { rooms, people } = listedRooms(client, "", roomId);
    const listed = [...rooms, ...people];
    const at = listed.findIndex(({ id }) => id === roomId);
    const before = by > 0 ? listed.slice(0, Math.max(at, 0)) : listed.slice(at + 1).reverse();
    const ahead = by > 0 ? listed.slice(at + 1) : listed.slice(0, Math.max(at, 0)).reverse();
    const next = [...ahead, ...before].find(isMeant);
    if (next) void this.#page.openRoom(next.id);
    return next !== undefined;
  }
}
