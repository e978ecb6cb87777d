import { html } from "lit";
import { ChatDialog } from "../lib/dialog.js";

/** Tells the server's moderators about a message. */
export class ReportDialog extends ChatDialog {
  static properties = { message: { attribute: false }, done: { state: true } };

  constructor() {
    super();
    /** @type {import("../../protocol.js").Message} */
    this.message = /** @type {any} */ (null);
    this.done = false;
  }

  get heading() {
    return "Report this message";
  }

  content() {
    if (this.done) {
      return html`
        <p class="dialog-text" role="status">
          Thank you. The moderators of this server can see your report and the message.
        </p>
        <footer class="dialog-actions">
          <button type="button" class="button is-primary" @click=${() => this.close()}>Close</button>
        </footer>
      `;
    }
    return html`<form class="dialog-form" @submit=${this.submit}>
      <label class="field">
        <span>What is wrong with it?</span>
        <textarea name="reason" dir="auto" rows="4" maxlength="1000" required autofocus></textarea>
      </label>
      <footer class="dialog-actions">
        <button type="button" class="button" @click=${() => this.close()}>Cancel</button>
        <button class="button is-primary" ?disabled=${this.busy}>Send report</button>
      </footer>
    </form>`;
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    const reason = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason");
    const reply = await this.ask({ type: "message.report", message: this.message.id, reason });
    this.done = reply !== null;
  }
}

customElements.define("mc-report", ReportDialog);
