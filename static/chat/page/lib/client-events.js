/**
 * A component that is drawn again when the client tells of a change.
 * @typedef {import("lit").ReactiveControllerHost
 *   & {client: import("../../client.js").ChatClient}} Follower
 */

/**
 * Draws a component again after some of the client's events, as long as it is in the page.
 *
 * @example
 * changes = new ClientEvents(this, ["people", "presence"]);
 */
export class ClientEvents {
  #component;
  #types;
  #concerns;
  /** @type {import("../../client.js").ChatClient | null} the one that is listened to */
  #client = null;

  /**
   * @param {Follower} component
   * @param {string[]} types the client's events
   * @param {(type: string, detail: Record<string, any>) => boolean} [concerns] whether an event
   *   changes what the component shows
   */
  constructor(component, types, concerns = () => true) {
    this.#component = component;
    this.#types = types;
    this.#concerns = concerns;
    component.addController(this);
  }

  hostConnected() {
    const { client } = this.#component;
    if (!client || client === this.#client) return; // the page itself is in the document before it
    this.hostDisconnected();
    this.#client = client;
    for (const type of this.#types) client.addEventListener(type, this.#onEvent);
  }

  hostDisconnected() {
    for (const type of this.#types) this.#client?.removeEventListener(type, this.#onEvent);
    this.#client = null;
  }

  #onEvent = (/** @type {Event} */ event) => {
    const detail = /** @type {{detail?: Record<string, any>}} */ (event).detail ?? {};
    if (this.#concerns(event.type, detail)) this.#component.requestUpdate();
  };
}
