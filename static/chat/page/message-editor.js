import { html } from "lit";
import { refusal } from "./dialog.js";
import { ChatElement } from "./element.js";
import { fitToText } from "./textarea.js";

/** Changes the text of one's own message, where it stands. */
export class MessageEditor extends ChatElement {
  static properties = {
    message: { attribute: false },
    error: { state: true },
    busy: { state: true },
  };

  constructor() {
    super();
    /** @type {import("../protocol.js").Message} */
    this.message = /** @type {any} */ (null);
    this.error = "";
    this.busy = false;
  }

  get textarea() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
  }

  firstUpdated() {
    this.textarea.value = this.message.body;
    fitToText(this.textarea);
    this.textarea.focus();
  }

  render() {
    return html`
      <textarea
        class="input editor-text"
        aria-label="Edit message"
        rows="1"
        @input=${() => fitToText(this.textarea)}
        @keydown=${this.onKey}
      ></textarea>
      <div class="editor-actions">
        <button type="button" class="button is-primary is-small" ?disabled=${this.busy} @click=${this.save}>
          Save
        </button>
        <button type="button" class="button is-small" @click=${this.cancel}>Cancel</button>
        <span class="hint">Enter saves, Escape cancels</span>
      </div>
      ${this.error ? html`<p class="dialog-error" role="alert">${this.error}</p>` : null}
    `;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void this.save();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.cancel();
    }
  }

  cancel() {
    this.tell("edit", { message: null });
  }

  async save() {
    const body = this.textarea.value.trim();
    if (body === this.message.body) return this.cancel();
    this.busy = true;
    try {
      await this.client.send({ type: "message.edit", message: this.message.id, body });
      this.cancel();
    } catch (error) {
      this.error = refusal(error);
    }
    this.busy = false;
  }
}

customElements.define("mc-message-editor", MessageEditor);
