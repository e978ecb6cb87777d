import { unread } from "./rooms.js";

/**
 * Marks a room as read as far as the reader has really seen it: the page is in front, and the
 * end of the message was in view.
 */
export class ReadMarker {
  /** @param {import("./message-list.js").MessageList} list */
  constructor(list) {
    this.list = list;
    this.look = this.look.bind(this);
    this.onBlur = this.onBlur.bind(this);
  }

  get present() {
    return document.visibilityState === "visible" && document.hasFocus();
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
    if (!this.present || !list.placed || !list.isConnected) return;
    const room = list.client.rooms.get(list.roomId);
    const seen = this.lastSeen();
    if (room?.role && seen > room.read) list.client.markRead(list.roomId, seen);
  }

  /** What comes while the reader is away stands below a new line, so the old one goes. */
  onBlur() {
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
