/** Time that stands still until a test moves it. */
export class Clock {
  #now = Date.parse("2026-01-01T00:00:00Z");
  /** @type {Set<{at: number, callback: () => void}>} */
  #timers = new Set();

  now = () => this.#now;

  /** @param {() => void} callback @param {number} milliseconds */
  setTimer = (callback, milliseconds) => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Moves on, calling back what falls due in between. @param {number} milliseconds */
  async pass(milliseconds) {
    const end = this.#now + milliseconds;
    await settled();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settled();
    }
    this.#now = end;
  }
}

/** Until everything that was under way has been taken. */
export async function settled() {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}
