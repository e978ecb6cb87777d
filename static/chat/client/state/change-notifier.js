/**
 * Tells the listeners of a client what changed: each change once, after all that came together
 * has been taken. A frame of a hundred messages in one room is one `messages` event.
 */
export class ChangeNotifier {
  /** @type {Map<string, {type: string, detail: import("./types.js").Detail}>} */
  #untold = new Map();
  #target;

  /** @param {EventTarget} target */
  constructor(target) {
    this.#target = target;
  }

  /**
   * @param {string} type
   * @param {import("./types.js").Detail} [detail]
   */
  tell(type, detail = {}) {
    if (this.#untold.size === 0) queueMicrotask(() => this.#tellAll());
    // A message and each of its changes are news of their own.
    const key = [
      type,
      detail.room,
      detail.user,
      detail.message?.id,
      detail.message?.position,
      detail.upload?.key,
    ].join(" ");
    this.#untold.set(key, { type, detail });
  }

  #tellAll() {
    const news = [...this.#untold.values()];
    this.#untold.clear();
    for (const { type, detail } of news) {
      this.#target.dispatchEvent(new CustomEvent(type, { detail }));
    }
  }
}
