import { html } from "lit";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { personName } from "../people/name.js";

/** Who is typing in a room. Its height is always there, so nothing moves. */
export class TypingLine extends ChatElement {
  static properties = { roomId: { type: String } };
  changes = new ClientEvents(this, ["typing", "people"]);

  constructor() {
    super();
    this.roomId = "";
  }

  render() {
    const names = [...this.client.typing(this.roomId)]
      .filter((name) => name !== this.client.me?.username)
      .map((name) => personName(this.client, name));
    return html`<p class="typing-line" aria-live="off">
      ${
        names.length > 0
          ? html`<span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span> <span>${words(names)}</span>`
          : null
      }
    </p>`;
  }
}

/** @param {import("lit").TemplateResult[]} names */
function words(names) {
  if (names.length === 1) return html`${names[0]} is typing`;
  if (names.length === 2) return html`${names[0]} and ${names[1]} are typing`;
  return `${names.length} people are typing`;
}

customElements.define("mc-typing-line", TypingLine);
