import { sentMessage } from "./feed-message.js";
import { requoted } from "./quotes.js";

/** @typedef {import("./types.js").FeedMessage} FeedMessage */

/**
 * A room's order: numbers without holes, so that they tell what is missing.
 * @type {import("./types.js").WindowOrder}
 */
export const BY_NUMBER = {
  key: ({ number }) => number,
  follows: (before, key) => key === (before ?? 0) + 1,
};

/**
 * Some messages of a source that are held, one behind the other with nothing missing in between. The
 * order says by which keys they stand, and whether keys tell that something is missing; where they do
 * not, as in a thread or a search, pages tell what lies beyond the edges.
 */
export class FeedWindow {
  /** Whether it ends before the newest message, as after a jump. */
  hasNewer = false;
  /** What the last page said; the order may know better. */
  #hasOlder = false;
  /** @type {FeedMessage[]} by key */
  #held = [];
  /** @type {Map<number, FeedMessage>} beyond the others, not joined yet */
  #ahead = new Map();
  #order;

  /** @param {import("./types.js").WindowOrder} order */
  constructor(order) {
    this.#order = order;
  }

  /** Oldest first, with those ahead unless newer ones lie between. */
  get messages() {
    const { key } = this.#order;
    const ahead = [...this.#ahead.values()].sort((a, b) => key(a) - key(b));
    return [...this.#held, ...(this.hasNewer ? [] : ahead)];
  }

  /** Whether it begins after the first message. */
  get hasOlder() {
    const first = this.#held.at(0);
    const isFirst = first ? this.#order.follows(null, this.#order.key(first)) : null;
    return isFirst === null ? this.#hasOlder : !isFirst;
  }

  /** The key of the first message; null where nothing is held. */
  get start() {
    const first = this.#held.at(0);
    return first ? this.#order.key(first) : null;
  }

  /** The key of the last message before any gap; null where nothing is held. */
  get end() {
    const last = this.#held.at(-1);
    return last ? this.#order.key(last) : null;
  }

  /** @param {number} key */
  holds(key) {
    return this.#find(key) !== undefined;
  }

  /** @param {number} key @returns {FeedMessage | undefined} */
  at(key) {
    return this.#find(key) ?? this.#ahead.get(key);
  }

  /** @param {number} key */
  #find(key) {
    const found = this.#held.at(this.#indexOf(key));
    return found && this.#order.key(found) === key ? found : undefined;
  }

  /** Where a key is, or belongs, among those that are held. @param {number} key */
  #indexOf(key) {
    let from = 0;
    let to = this.#held.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#order.key(this.#held[middle]) < key) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  clear() {
    this.replace([], { hasOlder: false, hasNewer: false });
  }

  /**
   * @param {FeedMessage[]} page
   * @param {{hasOlder: boolean, hasNewer: boolean}} edges
   */
  replace(page, { hasOlder, hasNewer }) {
    this.#held = page;
    this.#ahead.clear();
    this.#hasOlder = hasOlder;
    this.hasNewer = hasNewer;
  }

  /**
   * Joins a page on that was asked for before the start, unless that was trimmed meanwhile.
   * @param {FeedMessage[]} page
   * @param {{before: number, hasOlder: boolean}} asked
   */
  joinOlder(page, { before, hasOlder }) {
    if (before !== this.start) return;
    this.#held = [...page, ...this.#held];
    this.#hasOlder = hasOlder;
  }

  /**
   * Joins a page on that was asked for after the end, unless that was trimmed meanwhile.
   * @param {FeedMessage[]} page
   * @param {{after: number, hasNewer: boolean}} asked
   */
  joinNewer(page, { after, hasNewer }) {
    if (after !== this.end) return;
    this.#held = [...this.#held, ...page];
    this.hasNewer = hasNewer;
  }

  /**
   * Drops messages from one end.
   * @param {"older" | "newer"} end
   * @param {number} keep how many stay, at least one
   * @returns {boolean} whether there were more
   */
  trim(end, keep) {
    if (this.#held.length <= keep) return false;
    if (end === "older") {
      this.#held = this.#held.slice(-keep);
      this.#hasOlder = true;
    } else {
      this.replace(this.#held.slice(0, keep), { hasOlder: this.#hasOlder, hasNewer: true });
    }
    return true;
  }

  /** Puts a message where it belongs, if that is here. @param {import("../../protocol.js").Message} message */
  place(message) {
    const index = this.#indexOf(this.#order.key(message));
    const known = this.#held.at(index);
    if (index === this.#held.length) this.#placeAhead(message);
    else if (known && this.#order.key(known) === this.#order.key(message)) {
      if (known.position <= message.position) this.#held[index] = sentMessage(message);
    } else if (index > 0 || !this.hasOlder) {
      // Keys with holes: it has come to belong here later than those behind it.
      this.#held.splice(index, 0, sentMessage(message));
    }
    // Those that quote it quote it as it reads now.
    this.#held.forEach((other, at) => (this.#held[at] = requoted(other, message)));
    for (const [key, other] of this.#ahead) this.#ahead.set(key, requoted(other, message));
  }

  /** @param {import("../../protocol.js").Message} message */
  #placeAhead(message) {
    const key = this.#order.key(message);
    const known = this.#ahead.get(key);
    if (!this.hasNewer && !(known && known.position > message.position)) {
      this.#ahead.set(key, sentMessage(message));
    }
    const keys = [...this.#ahead.keys()].sort((a, b) => a - b);
    for (const next of keys) {
      if (this.#order.follows(this.end, next) === false) break;
      this.#held.push(/** @type {FeedMessage} */ (this.#ahead.get(next)));
      this.#ahead.delete(next);
    }
  }
}
