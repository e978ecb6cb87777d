import { fullJitter } from "./backoff.js";
import { ChatError } from "./errors.js";

/** How long an upload waits for a person's other uploads, in milliseconds. */
const PATIENCE = 5 * 60_000;
const WAITS = { base: 2_000, cap: 15_000 };

/**
 * Tries an upload again while the server takes no more of this person: other tabs, devices and
 * programs of theirs may be sending files too.
 *
 * @template T
 * @param {() => Promise<T>} upload
 * @param {{signal?: AbortSignal, now: () => number, random: () => number,
 *   setTimer: import("./types.js").SetTimer}} options
 * @returns {Promise<T>} rejects with a {@link ChatError}
 */
export async function uploadPatiently(upload, { signal, now, random, setTimer }) {
  const until = now() + PATIENCE;
  for (let attempt = 0; ; attempt++) {
    try {
      return await upload();
    } catch (error) {
      const refused = /** @type {{code?: string}} */ (error).code === "rate_limited";
      if (!refused || now() >= until) throw error;
    }
    await pause(WAITS.base / 2 + fullJitter(attempt, random, WAITS), { signal, setTimer });
  }
}

/**
 * @param {number} milliseconds
 * @param {{signal?: AbortSignal, setTimer: import("./types.js").SetTimer}} options
 * @returns {Promise<void>}
 */
function pause(milliseconds, { signal, setTimer }) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      stop();
      reject(new ChatError("aborted", "The upload was cancelled."));
    };
    const stop = setTimer(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
