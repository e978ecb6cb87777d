import { fullJitter } from "../backoff.js";

/** For how long a picture that does not come is asked for again, in milliseconds. */
export const PATIENCE = 5 * 60_000;
const WAITS = { base: 1_000, cap: 30_000 };

/** @type {WeakMap<HTMLImageElement, {src: string, since: number, failures: number}>} */
const failing = new WeakMap();

/**
 * Asks again for a picture that did not come: a browser does not say why, so a server that fails
 * and a picture that is gone are the same, and both are given up after some minutes.
 *
 * @param {Event} event the `error` of an `<img>`
 */
export function askAgain({ target }) {
  const image = /** @type {HTMLImageElement} */ (target);
  const { src } = image;
  const known = failing.get(image);
  const before = known?.src === src ? known : { src, since: Date.now(), failures: 0 };
  failing.set(image, { ...before, failures: before.failures + 1 });
  if (Date.now() - before.since > PATIENCE) return;
  setTimeout(() => {
    if (image.isConnected && image.src === src) image.src = src;
  }, pauseAfter(before.failures));
}

/** @param {number} failures in a row, before the last one @returns {number} milliseconds */
export const pauseAfter = (failures) => WAITS.base + fullJitter(failures, Math.random, WAITS);
