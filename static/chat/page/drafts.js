/**
 * @typedef {Object} Draft
 * @property {string} body
 * @property {import("../protocol.js").Message | null} replyTo
 * @property {import("../protocol.js").Attachment[]} attachments those that are uploaded already
 */

/**
 * What is written and not sent, kept for each person and room over reloads. What the browser does not
 * store, since its storage is full or forbidden, lasts as long as the page, which asks before it is
 * left.
 */
export class Drafts {
  /** @param {string} userId */
  constructor(userId) {
    this.userId = userId;
    /** @type {Map<string, string>} by room: newer than what is stored */
    this.unstored = new Map();
    this.askBeforeLeaving = (/** @type {Event} */ event) => event.preventDefault();
  }

  /** @param {string} roomId */
  key(roomId) {
    return `mediachat.draft.${this.userId}.${roomId}`;
  }

  /**
   * @param {string} roomId
   * @returns {Draft}
   */
  read(roomId) {
    const empty = { body: "", replyTo: null, attachments: [] };
    try {
      const text = this.unstored.get(roomId) ?? localStorage.getItem(this.key(roomId));
      return text ? { ...empty, ...JSON.parse(text) } : empty;
    } catch {
      return empty;
    }
  }

  /**
   * @param {string} roomId
   * @param {Draft} draft
   */
  write(roomId, draft) {
    const empty = !draft.body && !draft.replyTo && draft.attachments.length === 0;
    const text = JSON.stringify(draft);
    this.unstored.delete(roomId);
    try {
      if (empty) localStorage.removeItem(this.key(roomId));
      else localStorage.setItem(this.key(roomId), text);
    } catch {
      if (!empty) this.unstored.set(roomId, text);
    }
    // A page that listens when it need not is not kept for the Back button.
    if (this.unstored.size > 0) addEventListener("beforeunload", this.askBeforeLeaving);
    else removeEventListener("beforeunload", this.askBeforeLeaving);
  }
}
