import { fullJitter } from "./backoff.js";

/** How many rooms one `sync` may name. */
const ROOMS_LIMIT = 1_000;

/**
 * Asks the server for what feeds have missed: all that are due in one `sync`, and one `sync`
 * at a time, however many gaps are seen meanwhile.
 */
export class Sync {
  /** @type {Set<import("./feed.js").Feed>} */
  #due = new Set();
  #running = false;
  // Grows when the connection is lost: what an earlier one was asked no longer counts.
  #turn = 0;
  #failures = 0;
  #request;
  #random;
  #setTimer;

  /**
   * @param {{
   *   request: (rooms: Record<string, number>) => Promise<unknown>,
   *   random: () => number,
   *   setTimer: import("./types.js").SetTimer,
   * }} options
   */
  constructor({ request, random, setTimer }) {
    this.#request = request;
    this.#random = random;
    this.#setTimer = setTimer;
  }

  /** @param {import("./feed.js").Feed} feed */
  ask(feed) {
    this.#due.add(feed);
    if (!this.#running) void this.#run();
  }

  /** The connection was lost; `ready` asks again. */
  stop() {
    this.#turn++;
    this.#due.clear();
    this.#running = false;
  }

  async #run() {
    const turn = this.#turn;
    this.#running = true;
    // What is due by the end of this frame goes together.
    await null;
    while (turn === this.#turn && this.#due.size > 0) {
      const feeds = [...this.#due].slice(0, ROOMS_LIMIT);
      for (const feed of feeds) this.#due.delete(feed);
      const positions = new Map(feeds.map((feed) => [feed, feed.position]));
      try {
        await this.#request(Object.fromEntries(feeds.map((feed) => [feed.room, feed.position ?? 0])));
        if (turn !== this.#turn) return;
        this.#failures = 0;
      } catch {
        if (turn !== this.#turn) return;
        for (const feed of feeds) this.#due.add(feed);
        await new Promise((resolve) => {
          this.#setTimer(() => resolve(null), 500 + fullJitter(this.#failures++, this.#random));
        });
        if (turn !== this.#turn) return;
        continue;
      }
      for (const feed of feeds) {
        // Not a step further: the server has nothing to tell, so asking again is of no use.
        // The next event or heartbeat asks again if something is missing.
        const stands = feed.position === positions.get(feed);
        if (feed.finishSync({ stands })) this.#due.add(feed);
        else this.#due.delete(feed);
      }
    }
    if (turn === this.#turn) this.#running = false;
  }
}
