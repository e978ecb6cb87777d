/**
 * @typedef {Object} Draft
 * @property {string} body
 * @property {import("../../protocol.js").Message | null} replyTo
 * @property {import("../../protocol.js").Attachment[]} attachments those that are uploaded already
 * @property {{key: string, name: string, size: number}[]} files those that are not
 * @property {string | null} editing the id of the message whose text is being changed
 * @property {Record<string, string>} edits changed texts that are not saved, by the message's id
 */

/** @type {Readonly<Draft>} */
const EMPTY = { body: "", replyTo: null, attachments: [], files: [], editing: null, edits: {} };

/**
 * What is written and not sent, kept for each person, room and tab over reloads: what one tab writes
 * or sends takes nothing from another. A tab that finds nothing of its own in a room takes over what
 * a closed tab left there. What the browser does not store, since its storage is full or forbidden,
 * lasts as long as the page, which asks before it is left.
 */
export class Drafts {
  /** @type {Map<string, string>} by room: newer than what is stored */
  #unstored = new Map();
  #prefix;
  #host;

  /**
   * @param {string} userId
   * @param {Pick<import("../host/host.js").Host, "storage" | "tabs">} host
   */
  constructor(userId, host) {
    this.#prefix = `mediachat.draft.${userId}.`;
    this.#host = host;
    this.askBeforeLeaving = (/** @type {Event} */ event) => event.preventDefault();
  }

  /** @param {string} roomId */
  #key(roomId) {
    const { id } = this.#host.tabs;
    return this.#prefix + roomId + (id && `.${id}`);
  }

  /**
   * @param {string} roomId
   * @returns {Draft}
   */
  read(roomId) {
    try {
      const text = this.#unstored.get(roomId) ?? this.#host.storage.getItem(this.#key(roomId));
      return { ...EMPTY, ...(text ? JSON.parse(text) : {}) };
    } catch {
      return { ...EMPTY };
    }
  }

  /**
   * Takes over what a tab that is closed left in a room, the newest first, unless this tab has
   * something of its own there.
   *
   * @param {string} roomId
   * @returns {Promise<Draft | null>} null where there is nothing to take
   */
  async adopt(roomId) {
    const isOpen = await this.#host.tabs.open();
    const own = this.#key(roomId);
    try {
      if (!isEmpty(this.read(roomId))) return null;
      const { storage } = this.#host;
      const left = keysOf(storage).filter((key) => {
        if (key === own || !key.startsWith(this.#prefix + roomId)) return false;
        return !isOpen(key.slice(this.#prefix.length + roomId.length + 1));
      });
      const drafts = left.map((key) => ({
        key,
        at: 0,
        ...JSON.parse(storage.getItem(key) ?? "{}"),
      }));
      const newest = drafts.sort((a, b) => b.at - a.at)[0];
      if (!newest) return null;
      storage.setItem(own, storage.getItem(newest.key) ?? "{}");
      storage.removeItem(newest.key);
      return this.read(roomId);
    } catch {
      return null;
    }
  }

  /**
   * @param {string} roomId
   * @param {Partial<Draft>} change
   */
  change(roomId, change) {
    const before = this.read(roomId);
    const draft = { ...before, ...change };
    if (JSON.stringify(draft) === JSON.stringify(before)) return;
    // eslint-disable-next-line no-restricted-properties -- for what is stored
    const text = JSON.stringify({ ...draft, at: Date.now() });
    this.#unstored.delete(roomId);
    try {
      if (isEmpty(draft)) this.#host.storage.removeItem(this.#key(roomId));
      else this.#host.storage.setItem(this.#key(roomId), text);
    } catch {
      if (!isEmpty(draft)) this.#unstored.set(roomId, text);
    }
    // A page that listens when it need not is not kept for the Back button.
    if (this.#unstored.size > 0) addEventListener("beforeunload", this.askBeforeLeaving);
    else removeEventListener("beforeunload", this.askBeforeLeaving);
  }

  /**
   * Keeps the changed text of a message, or forgets it.
   * @param {string} roomId
   * @param {string} messageId
   * @param {string | null} body
   */
  keepEdit(roomId, messageId, body) {
    const edits = { ...this.read(roomId).edits };
    if (body === null) delete edits[messageId];
    else edits[messageId] = body;
    this.change(roomId, { edits });
  }

  /**
   * The text of a message is saved, or stays as it is.
   * @param {string} roomId
   * @param {string} messageId
   */
  endEdit(roomId, messageId) {
    this.keepEdit(roomId, messageId, null);
    if (this.read(roomId).editing === messageId) this.change(roomId, { editing: null });
  }
}

/** @param {import("../../client/types.js").KeyStorage} storage */
const keysOf = (storage) =>
  Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "");

/** @param {Draft} draft */
function isEmpty({ body, replyTo, attachments, files, editing, edits }) {
  const lists = [attachments, files, Object.keys(edits)];
  return !body && !replyTo && !editing && lists.every(({ length }) => length === 0);
}
