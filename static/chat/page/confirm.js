import { html } from "lit";
import { ChatDialog } from "./dialog.js";

/** Asks before something that cannot be taken back. */
export class ConfirmDialog extends ChatDialog {
  static properties = { question: { attribute: false } };

  constructor() {
    super();
    /** @type {{title: unknown, text: string, action: string, run: () => Promise<unknown> | void}} */
    this.question = { title: "", text: "", action: "", run: () => {} };
  }

  get heading() {
    return this.question.title;
  }

  content() {
    return html`
      <p class="dialog-text">${this.question.text}</p>
      <footer class="dialog-actions">
        <button type="button" class="button" autofocus @click=${() => this.close()}>Cancel</button>
        <button type="button" class="button is-danger" ?disabled=${this.busy} @click=${this.run}>
          ${this.question.action}
        </button>
      </footer>
    `;
  }

  async run() {
    this.busy = true;
    try {
      await this.question.run();
      this.close();
    } catch (error) {
      const { detail } = /** @type {{detail?: string}} */ (error);
      this.error = detail || "That did not work. Check your connection and try again.";
    }
    this.busy = false;
  }
}

customElements.define("mc-confirm", ConfirmDialog);
