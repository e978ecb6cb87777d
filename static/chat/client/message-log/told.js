/** Of a longer absence, programs are told this many changes of each room: the last ones. */
export const TOLD_OF_ABSENCE = 1_000;

/**
 * Which messages of one room programs have been told, so that each counts as new once. It keeps
 * numbers, and no messages: almost always a single number.
 */
export class Told {
  /** All up to this number have been told, or were there before. */
  #number;
  /** @type {Set<number>} told beyond it: the log brings a message that was edited later than others */
  #beyond = new Set();

  /** Where the log stood when the person came in: older changes of read messages are not told. */
  #start;

  /**
   * @param {number} number of the newest message that counts as told
   * @param {number} [start] the position at which the person came into the room, or later
   */
  constructor(number, start = 0) {
    this.#number = number;
    this.#start = start;
  }

  /**
   * @param {import("../../protocol.js").Message} message as the log brings it
   * @returns {import("./types.js").Change | null} what has become of it since it was told last; null
   *   where it is from before the person came
   */
  take({ number, position, deleted }) {
    const isNew = number > this.#number && !this.#beyond.has(number);
    if (isNew) this.#beyond.add(number);
    while (this.#beyond.delete(this.#number + 1)) this.#number += 1;
    if (!isNew && position <= this.#start) return null;
    if (deleted) return "deleted";
    return isNew ? "sent" : "changed";
  }

  /** Nothing is missing any more: numbers that have not come will not come as new. */
  complete() {
    this.#number = Math.max(this.#number, ...this.#beyond);
    this.#beyond.clear();
  }
}
