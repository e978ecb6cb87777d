import { html } from "lit";
import { refusal } from "../lib/dialog.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";
import { Reading } from "../lib/reading.js";
import { waitWords } from "../lib/waits.js";

/** @typedef {import("../../protocol.js").Room} Room */

/** The public rooms of this server, to be found by name and joined. */
export class PublicRooms extends ChatElement {
  static properties = {
    query: { type: String },
    rooms: { state: true },
    more: { state: true },
    error: { state: true },
  };

  changes = new ClientEvents(this, ["rooms"]);

  constructor() {
    super();
    this.query = "";
    /** @type {Room[] | null} */
    this.rooms = null;
    /** Whether there are further rooms. */
    this.more = false;
    this.error = "";
    this.reading = new Reading(this);
  }

  firstUpdated() {
    void this.find();
  }

  render() {
    return html`
      <label class="field">
        <span>Find a public room</span>
        <input
          type="search"
          class="input"
          dir="auto"
          placeholder="Name of the room"
          .value=${this.query}
          @input=${(/** @type {InputEvent} */ event) => {
            this.query = /** @type {HTMLInputElement} */ (event.target).value;
            void this.find();
          }}
        />
      </label>
      <ul class="found" aria-label="Public rooms" ?hidden=${!this.rooms?.length}>
        ${this.rooms?.map((room) => this.entry(room))}
      </ul>
      ${
        this.rooms?.length && this.more
          ? html`<button type="button" class="link" @click=${this.showMore}>Show more rooms</button>`
          : null
      }
      <p class="hint" role="status">${this.error || this.reading.error || this.reading.wait || this.hint()}</p>
    `;
  }

  /** @param {Room} room */
  entry(room) {
    const inside = this.client.rooms.has(room.id);
    return html`<li class="found-entry">
      <span class="room-sign">${icon("room")}</span>
      <span class="found-room">
        <span class="found-name"><bdi>${room.name}</bdi></span>
        <span class="handle">${room.member_count} ${room.member_count === 1 ? "member" : "members"}</span>
      </span>
      <button type="button" class="button is-small" @click=${() => this.enter(room)}>
        ${inside ? "Open" : "Join"}<span class="visually-hidden"> <bdi>${room.name}</bdi></span>
      </button>
    </li>`;
  }

  hint() {
    if (this.rooms?.length !== 0) {
      return this.more ? "There are more rooms: show them, or type a part of the name." : "";
    }
    return this.query
      ? html`No public room is called “<bdi>${this.query}</bdi>”.`
      : "There is no public room yet.";
  }

  async find() {
    const reply = await this.reading.ask({ type: "room.find", query: this.query.trim() });
    if (reply) Object.assign(this, { rooms: reply.rooms, more: reply.more, error: "" });
  }

  async showMore() {
    const before = this.rooms ?? [];
    const after = before.at(-1)?.id;
    const reply = await this.reading.ask({ type: "room.find", query: this.query.trim(), after });
    if (!reply) return;
    Object.assign(this, { rooms: [...before, ...reply.rooms], more: reply.more, error: "" });
    await this.updateComplete;
    // From here the keyboard goes on: what was pressed moves down, or is gone.
    const first = this.querySelectorAll(".found-entry")[before.length];
    /** @type {HTMLElement | null | undefined} */ (first?.querySelector("button"))?.focus();
  }

  /** @param {Room} room */
  async enter(room) {
    try {
      if (!this.client.rooms.has(room.id)) {
        const onWait = (/** @type {{code: string}} */ error) => (this.error = waitWords(error));
        await this.client.send({ type: "room.join", room: room.id }, { onWait });
      }
      this.tell("open-room", { room: room.id });
    } catch (error) {
      // Pressed once more: the newer one goes on.
      if (/** @type {{code?: string}} */ (error).code !== "aborted") this.error = refusal(error);
    }
  }
}

customElements.define("mc-public-rooms", PublicRooms);
