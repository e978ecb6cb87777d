/**
 * Where a reader was in a room when they left it.
 * @typedef {object} Place
 * @property {number} number of the message at the top
 * @property {number} offset of its top from that of the list, in pixels
 * @property {number} newest the number of the room's newest message then; 0 where a page before this
 *   one kept it, so that what is unread comes first
 */

/** @typedef {Pick<import("../host/host.js").Host, "tabStorage">} Host */

const KEY = "mediachat.places";
/** Rooms whose places outlast a reload, those that were left last. */
const MOST = 50;

/** @type {WeakMap<Host, Map<string, Place>>} those of this tab, once they are read */
const places = new WeakMap();

/** @param {Host} host */
function known(host) {
  const all = places.get(host) ?? new Map(kept(host));
  places.set(host, all);
  return all;
}

/**
 * @param {Host} host
 * @returns {[string, Place][]}
 */
function kept(host) {
  try {
    /** @type {[string, Place][]} */
    const stored = JSON.parse(host.tabStorage.getItem(KEY) ?? "[]");
    return stored.map(([key, { number, offset }]) => [key, { number, offset, newest: 0 }]);
  } catch {
    return []; // forbidden in some webviews, and never worth more than a place
  }
}

/**
 * @param {Host} host
 * @param {string} key names a room in one history
 */
export const placeIn = (host, key) => known(host).get(key) ?? null;

/**
 * @param {Host} host
 * @param {string} key
 * @param {Place | null} place null at the end of the room
 */
export function keepPlace(host, key, place) {
  const all = known(host);
  all.delete(key);
  if (place) all.set(key, place);
  try {
    host.tabStorage.setItem(KEY, JSON.stringify([...all].slice(-MOST)));
  } catch {
    // As long as the page lives, then.
  }
}
