/**
 * Where a reader was in a room when they left it.
 * @typedef {object} Place
 * @property {number} number of the message at the top
 * @property {number} offset of its top from that of the list, in pixels
 * @property {number} newest the number of the room's newest message then; 0 where a page before this
 *   one kept it, so that what is unread comes first
 */

const KEY = "mediachat.places";
/** Rooms whose places outlast a reload, those that were left last. */
const MOST = 50;

/** @type {Map<string, Place>} those of this tab */
const places = new Map(kept());

/** @returns {[string, Place][]} */
function kept() {
  try {
    /** @type {[string, Place][]} */
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return stored.map(([key, { number, offset }]) => [key, { number, offset, newest: 0 }]);
  } catch {
    return []; // forbidden in some webviews, and never worth more than a place
  }
}

/** @param {string} key names a room in one history */
export const placeIn = (key) => places.get(key) ?? null;

/**
 * @param {string} key
 * @param {Place | null} place null at the end of the room
 */
export function keepPlace(key, place) {
  places.delete(key);
  if (place) places.set(key, place);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...places].slice(-MOST)));
  } catch {
    // As long as the page lives, then.
  }
}
