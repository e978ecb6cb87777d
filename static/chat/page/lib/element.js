import { ContextConsumer } from "@lit/context";
import { LitElement } from "lit";
import { pageContext } from "./context.js";

/** @typedef {import("./events.js").PageEvents} PageEvents */

/**
 * What every component of the page is: drawn in the light DOM, so that one stylesheet and one
 * set of theme variables reach it, and given the client and the host by the page around it.
 * A component that shows what the client knows follows it by {@link ClientEvents}.
 */
export class ChatElement extends LitElement {
  constructor() {
    super();
    /** @type {import("../../client.js").ChatClient} */
    this.client = /** @type {any} */ (undefined);
    /** @type {import("../host/host.js").Host} */
    this.host = /** @type {any} */ (undefined);
    new ContextConsumer(this, {
      context: pageContext,
      callback: (given) => Object.assign(this, given),
    });
  }

  createRenderRoot() {
    return this;
  }

  /**
   * Listens to what the components in this one tell.
   * @param {import("./events.js").PageListeners} listeners
   */
  listenTo(listeners) {
    for (const [type, run] of Object.entries(listeners)) {
      // Each listener takes the detail of its own event, which a loop over all does not see.
      this.addEventListener(type, (event) => run(/** @type {any} */ (event).detail));
    }
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
   * @template {keyof PageEvents} T
   * @param {T} type
   * @param {import("./events.js").Detail<T>} rest
   */
  tell(type, ...rest) {
    this.dispatchEvent(new CustomEvent(type, { detail: rest[0], bubbles: true }));
  }
}
