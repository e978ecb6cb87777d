import { passes } from "./patience.js";

/** How long a file is tried again while there is a connection, in milliseconds. */
export const UPLOAD_PATIENCE = 30 * 60_000;
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
 *   patience: import("./patience.js").Patience,
 *   isAway: () => boolean,
 *   now: () => number,
 *   signal?: AbortSignal,
 *   onWait?: (error: import("./errors.js").ChatError) => void,
 * }} options `isAway`: whether the connection is lost and will come back
 * @returns {Promise<T>} rejects with a {@link ChatError}
 */
export function uploadPatiently(upload, { patience, isAway, now, signal, onWait }) {
  /** @type {number | null} */
  let failingSince = null;
  /** @param {unknown} error */
  const mayPass = (error) => {
    failingSince = isAway() ? now() : (failingSince ?? now());
    return passes(error) && now() - failingSince < UPLOAD_PATIENCE;
  };
  return patience.keep(upload, { signal, onWait, mayPass, waits: WAITS });
}
