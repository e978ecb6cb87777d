import { LitElement } from "lit";

/** @typedef {import("../../client.js").ChatClient} ChatClient */

/**
 * What every component of the page is: drawn in the light DOM, so that one stylesheet and one
 * set of theme variables reach it, and drawn again when the client says that something it
 * shows has changed.
 */
export class ChatElement extends LitElement {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { client: { attribute: false } };

  /** Names of the client's events after which this component draws itself again. */
  static follows = /** @type {string[]} */ ([]);

  constructor() {
    super();
    /** @type {ChatClient} */
    this.client = /** @type {any} */ (undefined);
    /** @type {ChatClient | null} */
    this.followed = null;
    this.onClientEvent = (/** @type {Event} */ event) => {
      const detail = /** @type {CustomEvent} */ (event).detail ?? {};
      if (this.concerns(event.type, detail)) this.requestUpdate();
    };
  }

  createRenderRoot() {
    return this;
  }

  /**
   * Whether an event that this component follows changes what it shows.
   * @param {string} _type
   * @param {Record<string, any>} _detail
   */
  concerns(_type, _detail) {
    return true;
  }

  connectedCallback() {
    super.connectedCallback();
    this.follow();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unfollow();
  }

  /** @param {Map<PropertyKey, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("client")) this.follow();
  }

  follow() {
    if (!this.client || this.followed === this.client || !this.isConnected) return;
    this.unfollow();
    this.followed = this.client;
    const { follows } = /** @type {typeof ChatElement} */ (this.constructor);
    for (const type of follows) this.client.addEventListener(type, this.onClientEvent);
  }

  unfollow() {
    const { follows } = /** @type {typeof ChatElement} */ (this.constructor);
    for (const type of follows) this.followed?.removeEventListener(type, this.onClientEvent);
    this.followed = null;
  }

  /**
   * Tells the person what was not done, also where this component has gone meanwhile.
   * @param {unknown} error
   */
  tellRefusal(error) {
    // Something newer took its place, or the person took it back.
    if (/** @type {{code?: string}} */ (error).code === "aborted") return;
    const target = this.isConnected ? this : document.querySelector("mc-app");
    target?.dispatchEvent(new CustomEvent("refused", { detail: error, bubbles: true }));
  }

  /**
   * Tells the components around this one what the person asked for.
   * @param {string} type
   * @param {unknown} [detail]
   */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
  }
}
