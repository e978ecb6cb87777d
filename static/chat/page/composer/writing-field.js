import { html, nothing } from "lit";
import { asWritten, fitToText } from "../lib/textarea.js";
import { LimitLine } from "./limit-line.js";
import { MentionCompletion } from "./mention-completion.js";
import { paste } from "./paste.js";
import { codeHint, WritingKeys } from "./writing-keys.js";

/**
 * What becomes of a text that is being written.
 * @typedef {object} Uses
 * @property {() => void} changed after each change, also one of the page's
 * @property {() => void} input after each change of the person's
 * @property {() => void} finish a key says that it is finished
 * @property {(files: File[]) => void} files were pasted
 * @property {(event: KeyboardEvent) => void} key all other keys
 * @property {boolean} [keepsKeys] whether none of its keys are for what is around it
 */

/**
 * A text that is being written, in the composer or in a message: a field as high as its text, with
 * names to complete, keys for code, and what is said of its length.
 */
export class WritingField {
  /** Whether Enter makes a new line, because a block of code is open. */
  inCode = false;
  #host;
  #uses;
  #keys = new WritingKeys();

  /**
   * @param {import("./mention-completion.js").TextHost} host
   * @param {Uses} uses
   */
  constructor(host, uses) {
    this.#host = host;
    this.#uses = uses;
    this.mentions = new MentionCompletion(host);
    this.limit = new LimitLine(host);
  }

  /** The text as it is sent. */
  get written() {
    return asWritten(this.#host.textarea.value);
  }

  /** @param {string} text */
  set(text) {
    this.#host.textarea.value = text;
    this.look();
  }

  look() {
    const { textarea } = this.#host;
    const before = this.inCode;
    this.inCode = this.#keys.areInCode(textarea);
    if (this.inCode !== before) this.#host.requestUpdate();
    this.limit.look(textarea.value);
    this.#uses.changed();
    fitToText(textarea);
  }

  /** @param {{look: string, label: string, placeholder?: string}} options `look`: its class */
  render({ look, label, placeholder }) {
    return html`<textarea
      rows="1"
      class=${look}
      dir="auto"
      aria-label=${label}
      placeholder=${placeholder ?? nothing}
      aria-autocomplete="list"
      aria-controls=${this.mentions.id}
      aria-activedescendant=${this.mentions.activeId}
      @input=${this.#onInput}
      @keydown=${this.#onKey}
      @paste=${this.#onPaste}
      @blur=${() => this.mentions.close()}
    ></textarea>`;
  }

  /**
   * What is said of the text, and the names to choose from.
   * @param {{inCode: string, sendAsFile?: () => void}} options `inCode`: what other keys do there
   */
  notes({ inCode, sendAsFile }) {
    return html`${this.limit.render(sendAsFile)} ${this.inCode ? codeHint(inCode) : null}
    ${this.mentions.render()}`;
  }

  #onInput = () => {
    this.look();
    this.#uses.input();
    this.mentions.look();
  };

  #onKey = (/** @type {KeyboardEvent} */ event) => {
    const { textarea } = this.#host;
    if (this.#uses.keepsKeys) event.stopPropagation();
    if (this.mentions.onKey(event) || this.#keys.onKey(event, textarea)) return;
    if (!this.#keys.finishes(event, textarea)) return this.#uses.key(event);
    event.preventDefault();
    this.#uses.finish();
  };

  #onPaste = (/** @type {ClipboardEvent} */ event) => {
    const files = paste(event, this.#host.textarea);
    if (files.length > 0) this.#uses.files(files);
  };
}
