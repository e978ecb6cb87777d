/**
 * Marks a room as read as far as the reader has really seen it: the page is in front, and the
 * end of the message was in view.
 */
export class ReadMarker {
  /** @param {import("./message-list.js").MessageList} list */
  constructor(list) {
    this.list = list;
    this.look = this.look.bind(this);
  }

  get present() {
    return document.visibilityState === "visible" && document.hasFocus();
  }

  start() {
    window.addEventListener("focus", this.look);
    document.addEventListener("visibilitychange", this.look);
  }

  stop() {
    window.removeEventListener("focus", this.look);
    document.removeEventListener("visibilitychange", this.look);
  }

  look() {
    const { list } = this;
    if (!this.present || !list.placed || !list.isConnected) return;
    const room = list.client.rooms.get(list.roomId);
    const seen = this.lastSeen();
    if (room?.role && seen > room.read) list.client.markRead(list.roomId, seen);
  }

  lastSeen() {
    const { list } = this;
    if (list.anchor.atEnd && !list.feed.hasNewer) {
      return Math.max(0, ...list.feed.messages.slice(-1).map(({ number }) => number || 0), this.newest());
    }
    const item = /** @type {HTMLElement | null} */ (list.anchor.lastVisible());
    return Number(item?.dataset.number) || 0;
  }

  /** The newest stored message: those on their way have no number yet. */
  newest() {
    const stored = this.list.feed.messages.filter(({ state }) => state === "sent");
    return stored.at(-1)?.number ?? 0;
  }
}
