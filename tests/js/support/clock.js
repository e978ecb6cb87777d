/**
 * Time that stands still until a test moves it, by two clocks: one that somebody can set, and one
 * that only goes on. Timers follow the second.
 */
export class Clock {
  #elapsed = 5_000;
  #wallClockAtZero = Date.parse("2026-01-01T00:00:00Z");
  /** @type {Set<{at: number, callback: () => void}>} */
  #timers = new Set();

  now = () => this.#wallClockAtZero + this.#elapsed;

  monotonic = () => this.#elapsed;

  /** @param {() => void} callback @param {number} milliseconds */
  setTimer = (callback, milliseconds) => {
    const timer = { at: this.#elapsed + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Somebody sets the wall clock forward, or back. @param {number} milliseconds */
  setWallClock(milliseconds) {
    this.#wallClockAtZero += milliseconds;
  }

  /**
   * The machine sleeps: no timer is called back. When it wakes, those that fell due are late; where
   * its monotonic clock stood still in its sleep they all are.
   *
   * @param {number} milliseconds
   * @param {{standsStill: boolean}} monotonic
   */
  sleep(milliseconds, { standsStill }) {
    if (standsStill) this.#wallClockAtZero += milliseconds;
    else this.#elapsed += milliseconds;
  }

  /** Moves on, calling back what falls due in between. @param {number} milliseconds */
  async pass(milliseconds) {
    const end = this.#elapsed + milliseconds;
    await settled();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.callback();
      await settled();
    }
    this.#elapsed = end;
  }
}

/** Until everything that was under way has been taken. */
export async function settled() {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}
