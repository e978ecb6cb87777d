import { deferred } from "../lib/deferred.js";
import { takenBack } from "../lib/errors.js";

/** @typedef {import("../lib/errors.js").ChatError} ChatError */

/** Those who wait until the server has greeted the client. */
export class Arrivals {
  /** @type {Set<{resolve: () => void, reject: (error: ChatError) => void}>} */
  #waiting = new Set();

  /**
   * Until the server has greeted the client.
   * @param {AbortSignal} [signal]
   * @returns {Promise<void>} rejects with why it will not; `aborted` by the signal
   */
  async next(signal) {
    if (signal?.aborted) throw takenBack();
    const { promise, resolve, reject } = deferred();
    const arrival = { resolve, reject };
    const abort = () => reject(takenBack());
    this.#waiting.add(arrival);
    signal?.addEventListener("abort", abort);
    try {
      await promise;
    } finally {
      this.#waiting.delete(arrival);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** The server has greeted the client, or will not. @param {ChatError | null} error */
  settle(error = null) {
    for (const { resolve, reject } of this.#waiting) error ? reject(error) : resolve();
    this.#waiting.clear();
  }
}
