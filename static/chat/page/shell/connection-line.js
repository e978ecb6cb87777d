import { html } from "lit";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";
import { awayReason, reasonOfWait } from "../lib/waits.js";

/** Said where the browser had no room to store what is unsent. */
const TAB_ONLY = "What you write is kept in this tab only: do not close it until it is sent.";

/**
 * Says when the server is out of reach and when the next attempt is, or that it is there and does
 * not do what it is asked. Silent when all is well.
 */
export class ConnectionLine extends ChatElement {
  changes = new ClientEvents(this, ["state"]);
  static properties = { late: { state: true } };

  constructor() {
    super();
    /** A short break is not worth a line: it shows after a second. */
    this.late = false;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.clock = undefined;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.clock);
    this.clock = undefined;
  }

  willUpdate() {
    const away = this.client.state === "offline" || this.client.state === "connecting";
    if ((away || this.client.trouble) && this.clock === undefined) {
      this.clock = setInterval(() => {
        this.late = true;
        this.requestUpdate();
      }, 1000);
    } else if (!away && !this.client.trouble) {
      clearInterval(this.clock);
      this.clock = undefined;
      this.late = false;
    }
  }

  render() {
    return html`<div class="connection" role="status">${this.late ? this.line() : null}</div>`;
  }

  line() {
    return this.client.trouble ? this.troubleLine(this.client.trouble) : this.awayLine();
  }

  /** @param {{code: string}} trouble */
  troubleLine(trouble) {
    return html`<p class="connection-line">
      ${icon("warning")}
      <span>
        <strong>${reasonOfWait(trouble)}.</strong>
        ${this.client.hasUnstored ? TAB_ONLY : html`<span class="connection-more">What you write is kept.</span>`}
        Everything is tried again by itself.
      </span>
      <button type="button" class="link" @click=${() => this.client.tryNow()}>Try now</button>
    </p>`;
  }

  awayLine() {
    const { state, retryAt } = this.client;
    // eslint-disable-next-line no-restricted-properties -- `retryAt` goes by the wall clock, as it is set now
    const seconds = retryAt ? Math.max(0, Math.ceil((retryAt - Date.now()) / 1000)) : 0;
    const waits = state === "offline" && seconds > 0;
    return html`<p class="connection-line">
      ${icon("warning")}
      <span>
        <strong>${awayReason()}.</strong>
        ${
          this.client.hasUnstored
            ? TAB_ONLY
            : html`<span class="connection-more">
              What you write is kept, and sent with your files when the connection is back.
            </span>`
        }
        ${
          waits
            ? html`<span aria-hidden="true">Next attempt in ${seconds} s.</span>`
            : html`<span aria-hidden="true">Connecting…</span>`
        }
      </span>
      <button type="button" class="link" @click=${() => void this.client.connect()?.catch?.(() => {})}>
        Try now
      </button>
    </p>`;
  }
}

customElements.define("mc-connection-line", ConnectionLine);
