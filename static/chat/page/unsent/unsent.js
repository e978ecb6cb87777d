import { html } from "lit";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";

/**
 * What this person wrote for rooms in which they no longer are: no room shows it.
 * @param {import("../../client.js").ChatClient} client
 */
export const unsentElsewhere = (client) =>
  client.me ? client.unsent.filter(({ room }) => !client.rooms.has(room)) : [];

/** Leads to the unsent messages of rooms that are gone. Nothing where there are none. */
export class Unsent extends ChatElement {
  changes = new ClientEvents(this, ["outbox", "rooms"]);

  render() {
    const { length } = unsentElsewhere(this.client);
    if (length === 0) return null;
    return html`<button type="button" class="unsent-way" @click=${() => this.tell("show-unsent")}>
      ${icon("warning")}
      <span>${length === 1 ? "A message was not sent" : `${length} messages were not sent`}</span>
    </button>`;
  }
}

customElements.define("mc-unsent", Unsent);
