/**
 * How long to wait before trying again: a random time below a bound that doubles with each
 * attempt ("full jitter"), so that the clients of a server that restarts do not return as one.
 *
 * @param {number} attempt how many attempts have failed in a row, from 0
 * @param {() => number} random from 0 to 1
 * @param {{base?: number, cap?: number}} [bounds] in milliseconds
 * @returns {number} milliseconds
 */
export function fullJitter(attempt, random, { base = 500, cap = 30_000 } = {}) {
  return random() * Math.min(cap, base * 2 ** attempt);
}

/** @type {import("./types.js").SetTimer} */
export function setTimer(callback, milliseconds) {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
}
