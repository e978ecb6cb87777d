import { html } from "lit";
import { refusal } from "./dialog.js";
import { ChatElement } from "./element.js";
import { fitToText } from "./textarea.js";
import { waitWords } from "./waits.js";

/** Changes the text of one's own message, where it stands. */
export class MessageEditor extends ChatElement {
  static properties = {
    message: { attribute: false },
    error: { state: true },
    wait: { state: true },
    saving: { state: true },
  };

  constructor() {
    super();
    /** @type {import("../protocol.js").Message} */
    this.message = /** @type {any} */ (null);
    this.error = "";
    /** Why the text is not saved yet. */
    this.wait = "";
    /** @type {AbortController | null} what is being saved */
    this.saving = null;
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
        <button type="button" class="button is-primary is-small" ?disabled=${this.saving !== null} @click=${this.save}>
          Save
        </button>
        <button type="button" class="button is-small" @click=${this.cancel}>Cancel</button>
        <span class="hint">Enter saves, Escape cancels</span>
      </div>
      ${this.wait ? html`<p class="dialog-wait" role="status">${this.wait}</p>` : null}
      ${this.error ? html`<p class="dialog-error" role="alert">${this.error}</p>` : null}
    `;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void this.save();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.cancel();
    }
  }

  /** The answer may be lost and the text saved all the same: then there is nothing left to do here. */
  updated() {
    const isSaved = (this.saving || this.error) && this.textarea.value.trim() === this.message.body;
    if (isSaved) this.cancel();
  }

  /** Closes the editor. What is not saved yet is not tried again. */
  cancel() {
    this.saving?.abort();
    this.saving = null;
    this.tell("edit", { message: null });
  }

  async save() {
    const body = this.textarea.value.trim();
    if (body === this.message.body) return this.cancel();
    // Enter saves also while an earlier text waits: that one is not tried again.
    const saving = (this.saving = new AbortController());
    Object.assign(this, { error: "", wait: "" });
    try {
      await this.client.send(
        { type: "message.edit", message: this.message.id, body },
        { signal: saving.signal, onWait: (error) => this.saving === saving && (this.wait = waitWords(error)) },
      );
      if (this.saving === saving && this.isConnected) this.cancel();
    } catch (error) {
      if (this.saving !== saving) return;
      Object.assign(this, { saving: null, wait: "" });
      if (this.isConnected) this.error = refusal(error);
      else this.tellRefusal(error);
    }
  }
}

customElements.define("mc-message-editor", MessageEditor);
