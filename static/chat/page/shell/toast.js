import { html } from "lit";

const TOAST_MS = 7000;

/** What the person has to know now, shown over the page for some seconds. */
export class Toast {
  words = "";
  #page;

  /** @param {import("../lib/element.js").ChatElement} page */
  constructor(page) {
    this.#page = page;
  }

  /** @param {string} words */
  say(words) {
    this.#show(words);
    setTimeout(() => {
      if (this.words === words) this.#show("");
    }, TOAST_MS);
  }

  /** @param {string} words */
  #show(words) {
    this.words = words;
    this.#page.requestUpdate();
  }

  render() {
    return html`<div class="toast-place" role="alert">
      ${this.words ? html`<p class="toast">${this.words}</p>` : null}
    </div>`;
  }
}
