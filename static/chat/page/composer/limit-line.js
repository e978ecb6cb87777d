import { html } from "lit";
import { charactersLeft } from "../../client/lib/limits.js";
import { asWritten } from "../lib/textarea.js";

/** With fewer characters left they are counted. */
const NEAR = 1_000;

/** How much more a text may have. Under a text it is counted near the limit, and beyond it said. */
export class LimitLine {
  left = Infinity;
  #host;

  /** @param {import("../lib/element.js").ChatElement} host */
  constructor(host) {
    this.#host = host;
  }

  get isTooLong() {
    return this.left < 0;
  }

  /** The text has changed. @param {string} text */
  look(text) {
    const before = this.left;
    this.left = charactersLeft(asWritten(text), this.#host.client.limits);
    if (Math.min(before, this.left) < NEAR) this.#host.requestUpdate();
  }

  /**
   * @param {(() => void) | null} [sendAsFile] what can be done beside shortening the text
   */
  render(sendAsFile = null) {
    if (this.left >= NEAR) return null;
    const number = Math.abs(this.left).toLocaleString();
    // The number is not read out with every key.
    if (!this.isTooLong)
      return html`<p class="limit-line"><span class="limit-count">${number} characters left</span></p>`;
    return html`<p class="limit-line is-over">
      <span role="status">This is too long for one message. Shorten it${sendAsFile ? ", or " : "."}</span>
      ${sendAsFile ? html`<button type="button" class="link" @click=${sendAsFile}>send it as a file</button>` : null}
      <span class="limit-count">${number} too many</span>
    </p>`;
  }
}

/** A text that is sent as a file. @param {string} text */
export const textFile = (text) => new File([text], "message.md", { type: "text/markdown" });
