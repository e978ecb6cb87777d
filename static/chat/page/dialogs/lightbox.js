import { html } from "lit";
import { isolated } from "../../client/people/names.js";
import { ChatDialog } from "../lib/dialog.js";
import { icon } from "../lib/icons.js";
import { mediaUrl } from "../lib/media-url.js";
import { askAgain } from "../lib/pictures.js";
import { readableSize } from "../lib/sizes.js";

/** @typedef {import("../../protocol.js").Attachment} Attachment */

/** One image of a message, large; the arrow keys go to its neighbours. */
export class Lightbox extends ChatDialog {
  static properties = { images: { attribute: false }, image: { attribute: false } };

  constructor() {
    super();
    /** @type {Attachment[]} */
    this.images = [];
    /** @type {Attachment} */
    this.image = /** @type {any} */ (null);
  }

  render() {
    const { image, images } = this;
    const many = images.length > 1;
    return html`<dialog
      class="lightbox"
      aria-label="Image ${isolated(image.name)}"
      @close=${() => this.tell("dialog-closed")}
      @keydown=${this.onKey}
      @click=${this.onBackdrop}
    >
      <header class="lightbox-bar">
        <span class="lightbox-name"><bdi>${image.name}</bdi> <small>${readableSize(image.size)}</small></span>
        ${
          many
            ? html`<button class="icon-button" aria-label="Previous image" @click=${() => this.step(-1)}>
                ${icon("back")}
              </button>
              <span aria-live="polite">${images.indexOf(image) + 1} of ${images.length}</span>
              <button
                class="icon-button is-flipped"
                aria-label="Next image"
                @click=${() => this.step(1)}
              >
                ${icon("back")}
              </button>`
            : null
        }
        <a class="icon-button" href=${mediaUrl(image.url)} download=${image.name} aria-label="Download">
          ${icon("download")}
        </a>
        <button class="icon-button" aria-label="Close" autofocus @click=${() => this.close()}>
          ${icon("close")}
        </button>
      </header>
      <img
        class="lightbox-image"
        src=${mediaUrl(image.url)}
        width=${image.width ?? 0}
        height=${image.height ?? 0}
        alt=${isolated(image.name)}
        @error=${askAgain}
      />
    </dialog>`;
  }

  /** @param {number} by */
  step(by) {
    const { images } = this;
    this.image = images[(images.indexOf(this.image) + by + images.length) % images.length];
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key === "ArrowLeft") this.step(-1);
    if (event.key === "ArrowRight") this.step(1);
  }
}

customElements.define("mc-lightbox", Lightbox);
