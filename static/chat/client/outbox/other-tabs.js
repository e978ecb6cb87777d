/** How long another tab has for its own message before this one sends it, in milliseconds. */
const LEFT_TO_WRITER = 3_000;
/** The same where that tab uploads the message's files again, which no other tab can. */
const LEFT_TO_UPLOADER = 30_000;
/** How long a message that another tab sent may take to come here, in milliseconds. */
const ARRIVES_WITHIN = 30_000;

/** @typedef {import("./types.js").Unsent} Unsent */

/**
 * What an outbox knows of the other tabs that share its storage: which messages they are sending,
 * and which they have sent.
 */
export class OtherTabs {
  /** @type {Map<string, () => void>} what ends the time of the tab that sends it, by client_id */
  #left = new Map();
  /** @type {Map<string, {entry: Unsent, stop: () => void}>} gone from the storage, by client_id */
  #taken = new Map();
  #isOnline = false;
  #setTimer;
  #isCurrent;
  #due;
  #missing;

  /**
   * @param {{
   *   setTimer: import("../lib/types.js").SetTimer,
   *   isCurrent: (room: string) => boolean,
   *   due: () => void,
   *   missing: (entry: Unsent) => void,
   * }} options `isCurrent`: whether this client has all that the server says of a room; `due`: the
   *   time of another tab is over; `missing`: what another tab had sent or discarded did not come
   */
  constructor({ setTimer, isCurrent, due, missing }) {
    this.#setTimer = setTimer;
    this.#isCurrent = isCurrent;
    this.#due = due;
    this.#missing = missing;
  }

  /**
   * Those that other tabs have sent and that have not come here yet.
   * @returns {import("./types.js").ShownUnsent[]}
   */
  get taken() {
    return [...this.#taken.values()].map(({ entry }) => {
      return {
        ...entry,
        state: "sending",
        error: null,
        elsewhere: true,
        unstored: false,
        uploads: [],
      };
    });
  }

  /**
   * Leaves a message to the tab that is sending it, for a while: it may be closed or cut off.
   * @param {string} clientId
   * @param {{uploads?: boolean}} [options] whether that tab uploads the message's files again
   */
  leave(clientId, { uploads = false } = {}) {
    this.#left.get(clientId)?.();
    const end = () => {
      this.#left.delete(clientId);
      this.#due();
    };
    this.#left.set(clientId, this.#setTimer(end, uploads ? LEFT_TO_UPLOADER : LEFT_TO_WRITER));
  }

  /** @param {string} clientId */
  isLeft(clientId) {
    return this.#left.has(clientId);
  }

  /** From now on this tab sends everything, whichever tab wrote it. */
  leaveNothing() {
    for (const stop of this.#left.values()) stop();
    this.#left.clear();
  }

  /**
   * Another tab has taken a message out of the storage. It had it acknowledged, and then it comes
   * here as well; or it discarded it, and this tab was not told.
   * @param {Unsent} entry
   */
  took(entry) {
    this.#taken.get(entry.client_id)?.stop();
    // Nothing comes here without a connection: that time does not count.
    const stop = this.#isOnline
      ? this.#setTimer(() => this.#late(entry), ARRIVES_WITHIN)
      : () => {};
    this.#taken.set(entry.client_id, { entry, stop });
  }

  /** @param {Unsent} entry */
  #late(entry) {
    if (!this.#isCurrent(entry.room)) return this.took(entry);
    this.#taken.delete(entry.client_id);
    this.#missing(entry);
  }

  /** A message is in the storage again. @param {string} clientId */
  returned(clientId) {
    const taken = this.#taken.get(clientId);
    taken?.stop();
    this.#taken.delete(clientId);
    return taken?.entry;
  }

  /**
   * A message came, or was discarded.
   * @param {string} clientId
   * @returns {Unsent | undefined} the message, where another tab had taken it
   */
  forget(clientId) {
    this.#left.get(clientId)?.();
    this.#left.delete(clientId);
    return this.returned(clientId);
  }

  /** The connection is there. */
  resume() {
    this.#isOnline = true;
    for (const { entry } of [...this.#taken.values()]) this.took(entry);
  }

  /** The connection is lost. */
  pause() {
    this.#isOnline = false;
    for (const { stop } of this.#taken.values()) stop();
  }

  /** Another person signs in. */
  clear() {
    this.leaveNothing();
    for (const clientId of [...this.#taken.keys()]) this.returned(clientId);
  }
}
