import Database from "emoji-picker-element/database.js";
import { BrowserAddress } from "./browser-address.js";
import { BrowserTabs } from "./browser-tabs.js";

/** @type {Database | null} */
let emoji = null;

/** @typedef {import("./host.js").Host} Host */

/**
 * A browser, in which the server shows the page.
 * @implements {Host}
 */
export class BrowserHost {
  takesCtrl = true;
  tabs = new BrowserTabs();

  /** @param {DOMStringMap} given what the server wrote into the page */
  constructor({ home, offer, signIn, ...accountPages }) {
    this.address = new URL(home ?? "/", location.href).href;
    this.addressBar = home ? new BrowserAddress(home, JSON.parse(offer ?? "null")) : undefined;
    /** @type {import("./host.js").AccountPages} */
    this.accountPages = accountPages;
    this.signInPage = signIn;
    /** @type {import("./host.js").Media} */
    this.media = { link: onServer, source: onServer };
  }

  get storage() {
    return localStorage;
  }

  get tabStorage() {
    return sessionStorage;
  }

  emoji() {
    // Bundled beside the page: nothing is asked of anyone else's server.
    return (emoji ??= new Database({
      dataSource: new URL(
        "../../../npm/emoji-picker-element-data/en/emojibase/data.json",
        import.meta.url,
      ).href,
    }));
  }

  signInAddress() {
    return this.signInPage
      ? `${this.signInPage}?next=${encodeURIComponent(location.pathname + location.search)}`
      : "";
  }
}

/** @param {string} path of a file */
const onServer = (path) => new URL(path, location.href).href;
