import { setTimer } from "./lib/backoff.js";
import { localStorageIfAny } from "./outbox/outbox-store.js";
import { FileStore } from "./uploads/file-store.js";

/**
 * A client's options, with what the platform has for those that are left out: clocks, and in a browser
 * what outlives the page and tells of other tabs.
 *
 * @param {import("./types.js").ClientOptions} options
 */
export function withPlatform({
  transport,
  storage = localStorageIfAny(),
  now = Date.now, // eslint-disable-line no-restricted-properties -- for what is shown or stored
  monotonic = () => performance.now(),
  random = Math.random,
  setTimer: timer = setTimer,
  events = globalThis.window ?? null,
  indexedDB = globalThis.window ? globalThis.indexedDB : undefined,
  locks = globalThis.window ? globalThis.navigator?.locks : undefined,
  files = new FileStore(indexedDB, now),
  uploadsElsewhere,
  userId,
}) {
  const timing = { now, monotonic, random, setTimer: timer };
  return { transport, storage, timing, events, locks, files, uploadsElsewhere, userId };
}
