/**
 * How long something took is measured by a monotonic clock (`performance.now`), since the wall clock
 * can be set. Some systems stop the monotonic clock while the machine sleeps.
 *
 * @typedef {{now: () => number, monotonic: () => number}} Clocks the wall clock and the monotonic
 *   clock, both in milliseconds
 */

/** Between two failures no more than this counts, in milliseconds: the machine may have slept. */
const BETWEEN_FAILURES = 60_000;

/**
 * Measures by both clocks how long ago something was, and takes the longer: a sleep counts on every
 * system, and a wall clock that is set back hides nothing. One that is set forward makes it too long.
 */
export class Stopwatch {
  #clocks;
  #wall = 0;
  #monotonic = 0;

  /** Starts now. @param {Clocks} clocks */
  constructor({ now, monotonic }) {
    this.#clocks = { now, monotonic };
    this.restart();
  }

  restart() {
    this.#wall = this.#clocks.now();
    this.#monotonic = this.#clocks.monotonic();
  }

  /** @returns {number} milliseconds */
  get elapsed() {
    return Math.max(this.#clocks.now() - this.#wall, this.#clocks.monotonic() - this.#monotonic);
  }
}

/** Measures for how long something has been failing, not counting the time in which the machine slept. */
export class FailingTime {
  #monotonic;
  #atMost;
  #last = 0;
  #total = 0;
  #hasFailed = false;

  /**
   * @param {() => number} monotonic
   * @param {number} [atMost] how much may count between two failures, in milliseconds
   */
  constructor(monotonic, atMost = BETWEEN_FAILURES) {
    this.#monotonic = monotonic;
    this.#atMost = atMost;
  }

  /** It failed. @returns {number} for how long it has been failing, in milliseconds */
  failed() {
    const now = this.#monotonic();
    if (this.#hasFailed) this.#total += Math.min(now - this.#last, this.#atMost);
    this.#hasFailed = true;
    this.#last = now;
    return this.#total;
  }

  /** What failed before does not count. */
  restart() {
    this.#total = 0;
    this.#hasFailed = false;
  }
}
