import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatDialog } from "../lib/dialog.js";
import { NewDay } from "../lib/new-day.js";
import { unsentElsewhere } from "../unsent/unsent.js";
import { discardButton, unsentEntry } from "../unsent/unsent-entry.js";
import { ErrorCode } from "../../protocol.js";

/** @typedef {import("../../client/types.js").Unsent} Entry */

/**
 * What the server answers because the room is gone, which the dialog says for all of them.
 *
 * @type {Set<string>}
 */
const GONE = new Set([ErrorCode.NOT_FOUND, ErrorCode.FORBIDDEN]);

/** Unsent messages of rooms that are gone, to be copied or dropped. */
export class UnsentDialog extends ChatDialog {
  static properties = { copied: { state: true } };
  changes = new ClientEvents(this, ["outbox", "rooms"]);

  constructor() {
    super();
    /** The message that was copied last. */
    this.copied = "";
    new NewDay(this);
    // What led here has gone with the last message, and cannot have the focus back.
    this.addEventListener("dialog-closed", () => {
      if (unsentElsewhere(this.client).length === 0) this.tell("focus-search");
    });
  }

  get heading() {
    return "Not sent";
  }

  content() {
    const entries = unsentElsewhere(this.client);
    if (entries.length === 0) {
      return html`<p class="dialog-text" tabindex="-1" autofocus>
        Nothing is left here: all that you wrote was sent or discarded.
      </p>`;
    }
    return html`<p class="dialog-text">
        You are no longer in the rooms that this was written for. It is kept in this browser until you
        discard it.
      </p>
      <ul class="unsent-list">
        ${repeat(
          entries,
          ({ client_id }) => client_id,
          (entry) => this.entry(entry),
        )}
      </ul>
      <p class="visually-hidden" role="status">${this.copied ? "The text was copied" : ""}</p>`;
  }

  /** @param {Entry} entry */
  entry(entry) {
    const note = entry.error && !GONE.has(entry.error.code) ? entry.error.detail : null;
    const copy = html`<button type="button" class="button is-small" @click=${() => this.copy(entry)}>
      ${this.copied === entry.client_id ? "Copied" : "Copy text"}
    </button>`;
    const ways = html`${entry.body ? copy : null} ${discardButton(entry, () => void this.discard(entry))}`;
    return unsentEntry(entry, { room: "A room that is gone", note, ways });
  }

  /** @param {Entry} entry */
  async copy({ client_id, body }) {
    try {
      await navigator.clipboard.writeText(body);
      this.copied = client_id;
    } catch {
      this.error = "The text could not be copied. Select it, and press Ctrl+C.";
    }
  }

  /** @param {Entry} entry */
  async discard({ client_id }) {
    this.client.discard(client_id);
    this.requestUpdate();
    await this.updateComplete;
    // The button that had the focus has gone with its message.
    const next = this.querySelector(".unsent .button") ?? this.querySelector("[autofocus]");
    /** @type {HTMLElement | null} */ (next)?.focus();
  }
}

customElements.define("mc-unsent-dialog", UnsentDialog);
