import { FailingTime } from "../lib/durations.js";
import { passes } from "./retries.js";

/** How long a file is tried again while there is a connection, in milliseconds. */
export const UPLOAD_TIMEOUT = 30 * 60_000;
/**
 * Between two failures no more than this counts, in milliseconds: the server may ask for a pause of
 * minutes, and a large file may take as long.
 */
const BETWEEN_FAILURES = 6 * 60_000;
/** A file costs more than a frame, so the pauses grow further. In milliseconds. */
const WAITS = { least: 1_000, base: 2_000, cap: 60_000 };

/**
 * Tries an upload again while the server takes no more of this person (other tabs, devices and
 * programs of theirs may be sending files too), fails, or is not reached. Time in which the
 * connection is lost does not count.
 *
 * @template T
 * @param {() => Promise<T>} upload
 * @param {{
 *   retries: import("./retries.js").Retries,
 *   isAway: () => boolean,
 *   monotonic: () => number,
 *   signal?: AbortSignal,
 *   onWait?: (error: import("../lib/errors.js").ChatError) => void,
 * }} options `isAway`: whether the connection is lost and will come back
 * @returns {Promise<T>} rejects with a {@link ChatError}
 */
export function uploadWithRetries(upload, { retries, isAway, monotonic, signal, onWait }) {
  const failing = new FailingTime(monotonic, BETWEEN_FAILURES);
  /** @param {unknown} error */
  const mayPass = (error) => {
    if (isAway()) failing.restart();
    return failing.failed() < UPLOAD_TIMEOUT && passes(error);
  };
  return retries.run(upload, { signal, onWait, mayPass, waits: WAITS });
}
