/**
 * @typedef {Object} Draft
 * @property {string} body
 * @property {import("../protocol.js").Message | null} replyTo
 * @property {import("../protocol.js").Attachment[]} attachments those that are uploaded already
 */

/**
 * What is written and not sent, kept for each person and room over reloads. Where the browser
 * allows no storage the drafts last as long as the page.
 */
export class Drafts {
  /** @param {string} userId */
  constructor(userId) {
    this.userId = userId;
    /** @type {Map<string, string>} */
    this.fallback = new Map();
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
    let text = this.fallback.get(roomId) ?? null;
    try {
      text = localStorage.getItem(this.key(roomId)) ?? text;
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
    if (empty) this.fallback.delete(roomId);
    else this.fallback.set(roomId, text);
    try {
      if (empty) localStorage.removeItem(this.key(roomId));
      else localStorage.setItem(this.key(roomId), text);
    } catch {
      // Storage is full or forbidden: the copy in memory stays.
    }
  }
}
