import { createContext } from "@lit/context";

/**
 * What every component is given by the page around it.
 * @typedef {object} Given
 * @property {import("../../client.js").ChatClient} client
 * @property {import("../host/host.js").Host} host where the page is shown
 */

/** Handed down by the page once, so that no template has to. */
export const pageContext = /** @type {import("@lit/context").Context<symbol, Given>} */ (
  createContext(Symbol("page"))
);
