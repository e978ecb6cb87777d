/** Stands in for the page's own `media-url.js`: the webview may ask no server for a file. */
import { AsyncDirective } from "lit/async-directive.js";
import { directive, type ElementPart, type PartInfo } from "lit/directive.js";
import { blobUrl } from "./media.js";

/** Players are large: they are fetched when they come into sight, not before. */
class MediaUrl extends AsyncDirective {
  readonly #isSource: boolean;
  #path = "";

  constructor(part: PartInfo) {
    super(part);
    this.#isSource = (part as unknown as { name?: string }).name === "src";
  }

  render(path: string): string {
    return this.#isSource ? "" : path;
  }

  override update(_part: ElementPart, [path]: [string]): unknown {
    // A link names the file; what happens on a click is the host's.
    if (!this.#isSource) return path;
    if (path !== this.#path) {
      this.#path = path;
      blobUrl(path).then(
        (url) => this.isConnected && this.#path === path && this.setValue(url),
        () => {},
      );
    }
    return PENDING;
  }
}

/** One transparent pixel, so that no broken picture shows while the real one comes. */
const PENDING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

export const mediaUrl = directive(MediaUrl as never) as (path: string) => unknown;
