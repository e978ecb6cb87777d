import { sentMessage } from "./feed-message.js";
import { requoted } from "./quotes.js";

/** @typedef {import("./types.js").FeedMessage} FeedMessage */

/** The part of a room's messages that is held: by number, without gaps. */
export class FeedWindow {
  /** Whether it ends before the newest message, as after a jump. */
  hasNewer = false;
  /** @type {FeedMessage[]} by number, without gaps */
  #held = [];
  /** @type {Map<number, FeedMessage>} beyond the others, not joined yet */
  #ahead = new Map();

  /** Oldest first, with those ahead unless newer ones lie between. */
  get messages() {
    const ahead = [...this.#ahead.values()].sort((a, b) => a.number - b.number);
    return [...this.#held, ...(this.hasNewer ? [] : ahead)];
  }

  /** The number of the first message. */
  get start() {
    return this.#held[0]?.number ?? 1;
  }

  /** The number of the last message before any gap. */
  get end() {
    return this.#held.at(-1)?.number ?? 0;
  }

  /** @param {number} number */
  holds(number) {
    return number >= this.start && number <= this.end;
  }

  /** @param {number} number @returns {FeedMessage | undefined} */
  at(number) {
    return this.#held[number - this.start] ?? this.#ahead.get(number);
  }

  clear() {
    this.replace([], false);
  }

  /**
   * @param {FeedMessage[]} page
   * @param {boolean} hasNewer
   */
  replace(page, hasNewer) {
    this.#held = page;
    this.#ahead.clear();
    this.hasNewer = hasNewer;
  }

  /** Joins a page on at the end where it fits. @param {FeedMessage[]} page */
  join(page) {
    const older = page.filter(({ number }) => number < this.start);
    const newer = page.filter(({ number }) => number > this.end);
    if (older.at(-1)?.number === this.start - 1) this.#held = [...older, ...this.#held];
    if (newer[0]?.number === this.end + 1) this.#held = [...this.#held, ...newer];
  }

  /**
   * Joins a page that was asked for after the end, unless that was trimmed meanwhile.
   * @param {FeedMessage[]} page
   * @param {boolean} hasNewer
   */
  joinNewer(page, hasNewer) {
    if (page.length > 0 && page[0].number > this.end + 1) return;
    this.join(page);
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
    if (end === "older") this.#held = this.#held.slice(-keep);
    else this.replace(this.#held.slice(0, keep), true);
    return true;
  }

  /** Puts a message where it belongs, if that is here. @param {import("../../protocol.js").Message} message */
  place(message) {
    const { number } = message;
    if (number > this.end) this.#placeAhead(message);
    else if (number >= this.start) {
      const index = number - this.start;
      if (this.#held[index].position <= message.position) this.#held[index] = sentMessage(message);
    }
    // Those that quote it quote it as it reads now.
    this.#held.forEach((other, at) => (this.#held[at] = requoted(other, message)));
    for (const [key, other] of this.#ahead) this.#ahead.set(key, requoted(other, message));
  }

  /** @param {import("../../protocol.js").Message} message */
  #placeAhead(message) {
    const { number, position } = message;
    const known = this.#ahead.get(number);
    if (!this.hasNewer && !(known && known.position > position)) {
      this.#ahead.set(number, sentMessage(message));
    }
    for (let next; (next = this.#ahead.get(this.end + 1));) {
      this.#ahead.delete(next.number);
      this.#held.push(next);
    }
  }
}
