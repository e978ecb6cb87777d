/** How many messages are redrawn in one frame, so that no frame takes long. */
const STEP = 10;

/**
 * Which of a list's messages are drawn: a page that came in is added a few at a time, those next
 * to what is drawn already first.
 */
export class IncrementalRenderer {
  /** Numbers of the first and the last message that are drawn. */
  #from = 0;
  #to = 0;
  /** The frame in which more is drawn, 0 when none is asked for. */
  #nextStep = 0;
  #draw;

  /** @param {() => void} draw draws the list again */
  constructor(draw) {
    this.#draw = draw;
  }

  /** Whether more is drawn in the next frame: until then the list is not as high as it will be. */
  get isGrowing() {
    return this.#nextStep !== 0;
  }

  /**
   * @template {{number: number}} M
   * @param {M[]} messages all there are, in order
   * @param {{whole: boolean}} options whether all of them are needed at once
   * @returns {M[]} those to draw now
   */
  of(messages, { whole }) {
    const first = messages[0]?.number ?? 0;
    const last = messages.at(-1)?.number ?? 0;
    const all = whole || this.#to < first || this.#from > last;
    // Whatever else draws the list before the next frame adds no more.
    const step = this.#nextStep === 0 ? STEP : 0;
    this.#from = all ? first : Math.max(first, this.#from - step);
    this.#to = all ? last : Math.min(last, this.#to + step);
    if (this.#from === first && this.#to === last) return messages;
    this.#nextStep ||= requestAnimationFrame(() => {
      this.#nextStep = 0;
      this.#draw();
    });
    return messages.filter(({ number }) => number >= this.#from && number <= this.#to);
  }
}
