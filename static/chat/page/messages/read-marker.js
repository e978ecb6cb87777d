import { isCounted } from "../../client/reading/unread.js";
import { unread } from "../lib/rooms.js";

/** @typedef {import("../../protocol.js").Room} Room */

/**
 * The list of a room's messages, as far as its marker looks at it.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   roomId: string,
 *   feed: import("../../client/message-log/feed.js").Feed,
 *   anchor: import("./scroll-anchor.js").ScrollAnchor,
 *   scroller: HTMLElement | null,
 *   placed: boolean,
 *   unreadAfter: number | null,
 * }} MessageListElement
 */

/**
 * Marks a room as read as far as the reader has really seen it: the page is in front, the end of
 * the message was in view, and so was everything unread before it.
 */
export class ReadMarker {
  /** All was read, and the end stayed in view: what comes now passes before the reader's eyes. */
  #isCaughtUp = false;
  /** The line was lost, and what comes with the next one comes at once. */
  #wasCut = false;

  /** @param {MessageListElement} list */
  constructor(list) {
    this.list = list;
    this.look = this.look.bind(this);
    this.onBlur = this.onBlur.bind(this);
  }

  /** Whether the reader has the messages before their eyes: on a phone the rooms may cover them. */
  get present() {
    const isInFront = document.visibilityState === "visible" && document.hasFocus();
    return isInFront && (this.list.scroller?.clientHeight ?? 0) > 0;
  }

  /** Whether what comes in now passes before their eyes. */
  get watched() {
    return this.present && !this.#wasCut;
  }

  start() {
    addEventListener("focus", this.look);
    addEventListener("blur", this.onBlur);
    document.addEventListener("visibilitychange", this.look);
  }

  stop() {
    removeEventListener("focus", this.look);
    removeEventListener("blur", this.onBlur);
    document.removeEventListener("visibilitychange", this.look);
  }

  look() {
    const { list } = this;
    if (list.client.state !== "online") {
      this.#wasCut = true;
      this.#isCaughtUp = false;
    }
    if (!this.present || !list.placed || !list.isConnected) {
      this.#isCaughtUp = false;
      return;
    }
    const { client, roomId } = list;
    const room = client.rooms.get(roomId);
    if (!room?.role) return;
    const seen = this.lastSeen();
    if (seen > room.read && (this.#isCaughtUp || this.#continues(room)))
      client.markRead(roomId, seen);
    if (client.state !== "online") return;
    this.#isCaughtUp =
      list.anchor.atEnd && !list.feed.hasNewer && unread(client.rooms.get(roomId) ?? room) === 0;
    if (this.#isCaughtUp) this.#wasCut = false;
  }

  /** Whether nothing unread stands above what is in view. @param {Room} room */
  #continues(room) {
    const top = Number(/** @type {HTMLElement | null} */ (this.list.anchor.item)?.dataset.number);
    return unread(room) === 0 || top <= this.firstUnread(room);
  }

  /** Whether one stands where the unread messages begin, rather than before or behind. @param {Room} room */
  isAtUnread(room) {
    return this.#continues(room) && this.firstUnread(room) <= this.lastSeen() + 1;
  }

  /** The number of the first unread message, as far as it is known. @param {Room} room */
  firstUnread(room) {
    const { feed, client } = this.list;
    const { messages } = feed;
    const next = room.read + 1;
    if (messages.length === 0 || messages[0].number > next) return next;
    const me = client.me?.username ?? "";
    const isUnread = (/** @type {import("../../client/types.js").FeedMessage} */ message) =>
      message.number >= next && message.state === "sent" && isCounted(message, me);
    return messages.find(isUnread)?.number ?? Math.max(next, (messages.at(-1)?.number ?? 0) + 1);
  }

  /** What comes while the reader is away stands below a new line, so the old one goes. */
  onBlur() {
    this.#isCaughtUp = false;
    const room = this.list.client.rooms.get(this.list.roomId);
    if (room && unread(room) === 0) this.list.unreadAfter = null;
  }

  lastSeen() {
    const { anchor, feed } = this.list;
    if (anchor.atEnd && !feed.hasNewer) {
      // Those on their way have no number of their own yet.
      return feed.messages.findLast(({ state }) => state === "sent")?.number ?? 0;
    }
    const item = /** @type {HTMLElement | null} */ (anchor.lastVisible());
    return item?.matches(".is-unsent, .is-failed") ? 0 : Number(item?.dataset.number) || 0;
  }
}
