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
  // Aborted when the connection is lost: what an earlier one was asked no longer counts.
  #abort = new AbortController();
  #request;
  #retries;

  /**
   * @param {{
   *   request: (rooms: Record<string, number>) => Promise<unknown>,
   *   retries: import("../retry/retries.js").Retries,
   * }} options
   */
  constructor({ request, retries }) {
    this.#request = request;
    this.#retries = retries;
  }

  /** @param {import("./feed.js").Feed} feed */
  ask(feed) {
    this.#due.add(feed);
    if (!this.#running) void this.#run();
  }

  /** The connection was lost; `ready` asks again. */
  stop() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#due.clear();
    this.#running = false;
  }

  async #run() {
    const { signal } = this.#abort;
    this.#running = true;
    // What is due by the end of this frame goes together.
    await null;
    while (!signal.aborted && this.#due.size > 0) {
      const feeds = [...this.#due].slice(0, ROOMS_LIMIT);
      for (const feed of feeds) this.#due.delete(feed);
      /** @type {Map<import("./feed.js").Feed, number | null>} */
      let positions = new Map();
      const request = () => {
        positions = new Map(feeds.map((feed) => [feed, feed.position]));
        return this.#request(
          Object.fromEntries(feeds.map((feed) => [feed.room, feed.position ?? 0])),
        );
      };
      try {
        // Without an answer nothing is right, so whatever goes wrong is tried again.
        await this.#retries.run(request, { signal, mayPass: () => true });
      } catch {
        return; // the connection was lost
      }
      if (signal.aborted) return;
      for (const feed of feeds) {
        // Not a step further: the server has nothing to tell, so asking again is of no use.
        // The next event or heartbeat asks again if something is missing.
        const stands = feed.position === positions.get(feed);
        if (feed.finishSync({ stands })) this.#due.add(feed);
        else this.#due.delete(feed);
      }
    }
    if (!signal.aborted) this.#running = false;
  }
}
