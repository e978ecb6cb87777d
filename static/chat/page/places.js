/**
 * Where a reader was in a room when they left it.
 * @typedef {object} Place
 * @property {number} number of the message at the top
 * @property {number} offset of its top from that of the list, in pixels
 * @property {number} newest the number of the room's newest message then
 */

/** @type {Map<string, Place>} for as long as the page lives */
const places = new Map();

/** @param {string} key names a room in one history */
export const placeIn = (key) => places.get(key) ?? null;

/**
 * @param {string} key
 * @param {Place | null} place null at the end of the room
 */
export function keepPlace(key, place) {
  if (place) places.set(key, place);
  else places.delete(key);
}
