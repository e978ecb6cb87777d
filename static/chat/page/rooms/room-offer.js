import { html } from "lit";
import { refusal } from "../lib/dialog.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";

/** A public room that a link leads to and the person is not in: they may join it. */
export class RoomOffer extends ChatElement {
  static properties = {
    room: { attribute: false },
    error: { state: true },
  };

  changes = new ClientEvents(this, ["state"]);

  constructor() {
    super();
    /** @type {import("../../protocol.js").Room} */
    this.room = /** @type {any} */ (null);
    this.error = "";
  }

  render() {
    const { name, member_count: count, closed } = this.room;
    return html`<section class="empty" aria-labelledby="offered-room">
      <span class="room-sign">${icon("room")}</span>
      <h2 id="offered-room" tabindex="-1"><bdi>${name}</bdi></h2>
      <p>
        A public room with ${count} ${count === 1 ? "member" : "members"}.
        ${closed ? "A moderator closed it, and nobody can join." : "Join it to read and write there."}
      </p>
      <div class="empty-actions">
        ${
          closed
            ? null
            : html`<button type="button" class="button is-primary" @click=${this.join}>Join the room</button>`
        }
        <button type="button" class="button" @click=${() => this.tell("offer-declined")}>
          ${closed ? "Back to my rooms" : "Not now"}
        </button>
      </div>
      <p class="hint" role="alert">${this.error}</p>
    </section>`;
  }

  async join() {
    this.error = "";
    try {
      await this.client.send({ type: "room.join", room: this.room.id });
      this.tell("offer-accepted");
    } catch (error) {
      this.error = refusal(error);
    }
  }
}

customElements.define("mc-room-offer", RoomOffer);
