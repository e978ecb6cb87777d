import { AsyncDirective } from "lit/async-directive.js";
import { directive } from "lit/directive.js";
import { PictureWaits } from "./pictures.js";

/** One transparent pixel, so that no broken picture shows while the real one comes. */
const PENDING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/**
 * The address of a file of the server, as an attribute: where a link leads, or what a source shows.
 * The host says both.
 */
class MediaUrl extends AsyncDirective {
  #isSource;
  #path = "";
  #shown = "";

  /** @param {import("lit/directive.js").PartInfo} part */
  constructor(part) {
    super(part);
    this.#isSource = /** @type {import("lit/directive.js").AttributePart} */ (part).name === "src";
  }

  /** @param {string} path */
  render(path) {
    return path;
  }

  /**
   * @param {import("lit/directive.js").AttributePart} part
   * @param {[path: string]} values
   */
  update(part, [path]) {
    const { media } = componentOf(part).host;
    if (path === this.#path) return this.#shown;
    this.#path = path;
    if (!this.#isSource) return (this.#shown = media.link(path));
    const source = media.source(path);
    if (typeof source === "string") return (this.#shown = source);
    void this.#await(source, { media, path, waits: new PictureWaits() });
    return (this.#shown = PENDING);
  }

  /**
   * Asks the host until it has the file, for some minutes: its server may fail for a while.
   * @param {string | Promise<string>} source
   * @param {{media: import("../host/host.js").Media, path: string, waits: PictureWaits}} asked
   */
  async #await(source, { media, path, waits }) {
    try {
      const url = await source;
      if (this.#path === path) this.#show(url);
    } catch {
      const pause = waits.next();
      const again = () => {
        if (this.#path === path && this.isConnected)
          void this.#await(media.source(path), { media, path, waits });
      };
      if (pause !== null) setTimeout(again, pause);
    }
  }

  /** @param {string} url */
  #show(url) {
    this.#shown = url;
    if (this.isConnected) this.setValue(url);
  }

  reconnected() {
    this.setValue(this.#shown);
  }
}

/**
 * The component whose template this is: Lit gives it to all that is drawn in it.
 * @param {import("lit/directive.js").AttributePart} part
 */
const componentOf = (part) =>
  /** @type {import("./element.js").ChatElement} */ (part.options?.host);

/** @type {(path: string) => import("lit/directive.js").DirectiveResult} */
export const mediaUrl = directive(MediaUrl);
