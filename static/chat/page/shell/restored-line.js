import { html } from "lit";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";

/** Says that the server was restored from a backup, until the person has taken note of it. */
export class RestoredLine extends ChatElement {
  changes = new ClientEvents(this, ["restored"], () => (this.shown = true));
  static properties = { shown: { state: true } };

  constructor() {
    super();
    this.shown = false;
  }

  render() {
    return html`<div class="connection" role="status">${this.shown ? this.line() : null}</div>`;
  }

  line() {
    return html`<p class="connection-line">
      ${icon("warning")}
      <span>
        <strong>The history was restored from a backup.</strong>
        <span class="connection-more">
          Messages that were written after that backup are gone. What you had not sent is kept and sent.
        </span>
      </span>
      <button type="button" class="link" @click=${() => (this.shown = false)}>OK</button>
    </p>`;
  }
}

customElements.define("mc-restored-line", RestoredLine);
