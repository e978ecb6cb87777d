import { html } from "lit";
import { ChatElement } from "./element.js";
import { icon } from "./icons.js";
import { Reading } from "./reading.js";
import { waitWords } from "./waits.js";

let lastId = 0;

/**
 * A dialog over the page. `<dialog>` keeps the focus inside, closes on Escape and gives the
 * focus back; a subclass says what stands in it.
 */
export class ChatDialog extends ChatElement {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { error: { state: true }, wait: { state: true }, busy: { state: true } };

  constructor() {
    super();
    this.error = "";
    /** Why what the person asked for is not done yet. */
    this.wait = "";
    this.busy = false;
    this.closed = new AbortController();
    /** What the dialog shows of the server. */
    this.reading = new Reading(this);
    this.titleId = `dialog-title-${++lastId}`;
  }

  /** @returns {unknown} */
  get heading() {
    return "";
  }

  /** @returns {unknown} what the dialog shows below its title */
  content() {
    return null;
  }

  get dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.closed.abort();
  }

  /** How commands are sent: what waits is shown, and taken back when the dialog is closed. */
  get sending() {
    const onWait = (/** @type {{code: string}} */ error) => (this.wait = waitWords(error));
    return { signal: this.closed.signal, onWait };
  }

  firstUpdated() {
    this.dialog.showModal();
    /** @type {HTMLElement | null} */ (this.querySelector("[autofocus]"))?.focus();
  }

  render() {
    return html`<dialog
      class="dialog"
      aria-labelledby=${this.titleId}
      @close=${() => this.tell("dialog-closed")}
      @click=${this.onBackdrop}
    >
      <div class="dialog-frame">
        <header class="dialog-header">
          <h2 id=${this.titleId}>${this.heading}</h2>
          <button type="button" class="icon-button" aria-label="Close" @click=${() => this.close()}>
            ${icon("close")}
          </button>
        </header>
        ${this.content()}
        ${waitLine(this.reading.wait)} ${waitLine(this.wait)} ${errorLine(this.reading.error)} ${errorLine(this.error)}
      </div>
    </dialog>`;
  }

  close() {
    this.dialog.close();
  }

  /** @param {MouseEvent} event */
  onBackdrop(event) {
    if (event.target === this.dialog) this.close();
  }

  /**
   * Sends a command; what the server refuses stands in the dialog.
   * @param {Record<string, unknown> & {type: string}} command
   * @returns {Promise<any | null>} the reply, or null when there was an error
   */
  async ask(command) {
    this.busy = true;
    this.error = "";
    try {
      return await this.client.send(/** @type {any} */ (command), this.sending);
    } catch (error) {
      this.error = refusal(error);
      return null;
    } finally {
      this.wait = "";
      this.busy = false;
    }
  }
}

/** @param {string} words */
const errorLine = (words) =>
  words ? html`<p class="dialog-error" role="alert">${words}</p>` : null;

/** @param {string} words */
const waitLine = (words) =>
  words
    ? html`<p class="dialog-wait" role="status">${icon("clock")} <span>${words}</span></p>`
    : null;

/** @param {unknown} error */
export function refusal(error) {
  const { detail } = /** @type {{detail?: string}} */ (error);
  return detail || "That did not work. Check your connection and try again.";
}
