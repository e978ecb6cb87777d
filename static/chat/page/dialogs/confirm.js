import { html } from "lit";
import { ChatDialog, refusal } from "../lib/dialog.js";

/** Asks before something that cannot be taken back. */
export class ConfirmDialog extends ChatDialog {
  static properties = { question: { attribute: false } };

  constructor() {
    super();
    /** @type {{title: unknown, text: string, action: string, run: (options: import("../../client/types.js").ReadOptions) => Promise<unknown> | void}} */
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
    this.error = "";
    try {
      await this.question.run(this.sending);
      this.close();
    } catch (error) {
      this.error = refusal(error);
    }
    this.wait = "";
    this.busy = false;
  }
}

customElements.define("mc-confirm", ConfirmDialog);
