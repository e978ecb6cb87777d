/** Long messages that the reader has unfolded, for as long as the page lives. */
const unfolded = new Set();

/** Told after the layout and before it is painted, so that nobody sees a fold come. */
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) target.dispatchEvent(new CustomEvent("measure"));
});

/**
 * The component of one message.
 * @typedef {import("../lib/element.js").ChatElement
 *   & {message: {sender: string, client_id: string}}} MessageElement
 */

/**
 * A long message shows its beginning until the reader wants all of it.
 *
 * The stylesheet limits the height of each body, so that nothing moves when it is found to be
 * longer. What is cut off is in the document: where find-in-page or the focus goes there, the body
 * scrolls by itself, and unfolds.
 */
export class Fold {
  #isLong = false;
  /** @type {HTMLElement | null} */
  #body = null;
  #host;

  /** @param {MessageElement} host */
  constructor(host) {
    this.#host = host;
    host.addController(this);
  }

  get isFolded() {
    return !unfolded.has(this.#key);
  }

  /** Whether there is more than the folded height shows. */
  get isLong() {
    return this.#isLong || !this.isFolded;
  }

  /** What names a message before it is stored and after. */
  get #key() {
    const { sender, client_id } = this.#host.message;
    return `${sender}:${client_id}`;
  }

  hostUpdated() {
    const body = /** @type {HTMLElement | null} */ (this.#host.querySelector(".message-body"));
    if (body !== this.#body) {
      if (this.#body) sizes.unobserve(this.#body);
      this.#body = body;
      body?.addEventListener("measure", () => this.#measure());
      body?.addEventListener("scroll", () => this.#scrolled());
    } else if (body) sizes.unobserve(body); // observed anew, it is measured anew
    if (body) sizes.observe(body);
  }

  hostDisconnected() {
    if (this.#body) sizes.unobserve(this.#body);
    this.#body = null;
  }

  /** @param {boolean} isFolded */
  async set(isFolded) {
    this.#measure();
    if (isFolded === this.isFolded || !this.isLong) return;
    const by = this.#body?.scrollTop ?? 0;
    if (isFolded) unfolded.delete(this.#key);
    else unfolded.add(this.#key);
    this.#host.requestUpdate();
    await this.#host.updateComplete;
    this.#body?.scrollTo({ top: 0, behavior: "instant" });
    this.#host.tell("fold", { isFolded, by });
  }

  #measure() {
    const body = this.#body;
    if (!body || !this.isFolded) return;
    const isLong = body.scrollHeight > body.clientHeight + 1;
    if (isLong === this.#isLong) return;
    this.#isLong = isLong;
    this.#host.requestUpdate();
  }

  #scrolled() {
    if (this.#body?.scrollTop) void this.set(false);
  }
}
