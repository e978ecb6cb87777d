import { fullJitter } from "../../client/lib/backoff.js";
import { FailingTime } from "../../client/lib/durations.js";

/** For how long a picture that does not come is asked for again, in milliseconds. */
const PICTURE_TIMEOUT = 5 * 60_000;
const WAITS = { base: 1_000, cap: 30_000 };

/** When to ask again for something that did not come, and when to give it up. */
export class PictureWaits {
  #failing;
  #failures = 0;

  constructor(monotonic = () => performance.now()) {
    this.#failing = new FailingTime(monotonic);
  }

  /** It did not come. @returns {number | null} in how many milliseconds to ask again; null: no more */
  next() {
    if (this.#failing.failed() > PICTURE_TIMEOUT) return null;
    return WAITS.base + fullJitter(this.#failures++, Math.random, WAITS);
  }
}

/** @type {WeakMap<HTMLImageElement, {src: string, waits: PictureWaits}>} */
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
  const { waits } = known?.src === src ? known : { waits: new PictureWaits() };
  failing.set(image, { src, waits });
  const pause = waits.next();
  if (pause === null) return;
  setTimeout(() => {
    if (image.isConnected && image.src === src) image.src = src;
  }, pause);
}
