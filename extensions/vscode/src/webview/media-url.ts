/** Stands in for the page's own `media-url.js`: the webview may ask no server for a file. */
import { AsyncDirective } from "lit/async-directive.js";
import { directive, type ElementPart, type PartInfo } from "lit/directive.js";
import { PictureWaits } from "../../../../static/chat/page/lib/pictures.js";
import { blobUrl } from "./media.js";

/** One transparent pixel, so that no broken picture shows while the real one comes. */
const PENDING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/** The address of a file as an attribute: of a source a blob, of a link the file's own name. */
class MediaUrl extends AsyncDirective {
  readonly #isSource: boolean;
  #path = "";
  #shown = PENDING;

  constructor(part: PartInfo) {
    super(part);
    this.#isSource = (part as unknown as { name?: string }).name === "src";
  }

  render(path: string): string {
    return this.#isSource ? "" : path;
  }

  override update(_part: ElementPart, [path]: [string]): unknown {
    // A link names the file; what happens on a click is the host's.
    if (!this.#isSource) return (this.#path = path);
    if (path !== this.#path) {
      this.#path = path;
      this.#shown = PENDING;
      this.#ask(path, new PictureWaits());
    }
    return this.#shown;
  }

  /** Asks the host until it has the file, for some minutes: its server may fail for a while. */
  #ask(path: string, waits: PictureWaits): void {
    const again = () => this.#path === path && this.isConnected && this.#ask(path, waits);
    blobUrl(path).then(
      (url) => this.#path === path && this.#show(url),
      () => {
        const pause = waits.next();
        if (pause !== null) setTimeout(again, pause);
      },
    );
  }

  #show(url: string): void {
    this.#shown = url;
    if (this.isConnected) this.setValue(url);
  }

  protected override reconnected(): void {
    this.setValue(this.#isSource ? this.#shown : this.#path);
  }
}

export const mediaUrl = directive(MediaUrl as never) as (path: string) => unknown;
