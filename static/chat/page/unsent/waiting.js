import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { mark } from "../lib/icons.js";
import { discardButton, unsentEntry } from "./unsent-entry.js";

/**
 * What waits for a server that was not reached since the page began: no rooms are known that could
 * show it. Nothing where nothing waits, or where it is not known yet whose messages those are.
 */
export class Waiting extends ChatElement {
  changes = new ClientEvents(this, ["outbox", "state"]);

  render() {
    const { unsent } = this.client;
    if (unsent.length === 0) return null;
    const words =
      unsent.length === 1
        ? "1 message waits for the server"
        : `${unsent.length} messages wait for the server`;
    return html`<section class="empty is-list" aria-labelledby="waiting">
      ${mark()}
      <h2 id="waiting" tabindex="-1">${words}</h2>
      <p>What you wrote is kept, and sent by itself as soon as the server is reached.</p>
      <ul class="unsent-list">
        ${repeat(
          unsent,
          ({ client_id }) => client_id,
          (entry) => this.entry(entry),
        )}
      </ul>
    </section>`;
  }

  /** @param {import("../../client/types.js").Unsent} entry */
  entry(entry) {
    const note = entry.state === "failed" ? (entry.error?.detail ?? null) : null;
    const ways = discardButton(entry, () => void this.discard(entry));
    return unsentEntry(entry, { room: "A room", note, ways });
  }

  /** @param {import("../../client/types.js").Unsent} entry */
  async discard({ client_id }) {
    this.client.discard(client_id);
    this.requestUpdate();
    await this.updateComplete;
    // The button that had the focus has gone with its message.
    /** @type {HTMLElement | null} */ (this.querySelector("#waiting"))?.focus();
  }
}

customElements.define("mc-waiting", Waiting);
