/** Listens to what a browser tells its page: the network, the focus, other tabs. */
export class BrowserEvents {
  #target;
  #listeners;

  /**
   * @param {import("./types.js").BrowserEvents | null} target null where there is no browser
   * @param {Record<string, (event: any) => void>} listeners by type of event
   */
  constructor(target, listeners) {
    this.#target = target;
    this.#listeners = Object.entries(listeners);
  }

  /** Listening twice changes nothing. */
  listen() {
    for (const [type, listener] of this.#listeners) this.#target?.addEventListener(type, listener);
  }

  stop() {
    for (const [type, listener] of this.#listeners)
      this.#target?.removeEventListener(type, listener);
  }
}
