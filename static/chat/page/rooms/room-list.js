import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { avatar } from "../people/avatar.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";
import { roomName } from "../people/name.js";
import { badge, listedRooms, partner, unread } from "../lib/rooms.js";

/** @typedef {import("../../protocol.js").Room} Room */

/** The rooms of this person: a list that the arrow keys walk, with what is unread in each. */
export class RoomList extends ChatElement {
  static properties = {
    current: { type: String },
    query: { state: true },
    focused: { state: true },
  };
  changes = new ClientEvents(this, [
    "rooms",
    "room",
    "messages",
    "presence",
    "people",
    "state",
    "outbox",
  ]);

  constructor() {
    super();
    this.current = "";
    this.query = "";
    /** @type {string} the room that Tab reaches */
    this.focused = "";
    /** Rooms in which a message was not sent. @type {Set<string>} */
    this.failed = new Set();
    this.onElsewhere = (/** @type {Event} */ { target }) => {
      if (!this.contains(/** @type {Node} */ (target))) this.query = "";
    };
  }

  /** Who turns to anything else has found what they were looking for, or wants the whole list. */
  connectedCallback() {
    super.connectedCallback();
    for (const type of ["focusin", "pointerdown"])
      document.addEventListener(type, this.onElsewhere);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const type of ["focusin", "pointerdown"])
      document.removeEventListener(type, this.onElsewhere);
  }

  render() {
    const { rooms, people } = listedRooms(this.client, this.query, this.current);
    const ids = [...rooms, ...people].map(({ id }) => id);
    const failed = this.client.unsent.filter(({ state }) => state === "failed");
    this.failed = new Set(failed.map(({ room }) => room));
    const stop = [this.focused, this.current, ids[0]].find((id) => ids.includes(id));
    return html`
      <div class="room-search">
        ${icon("search")}
        <input
          type="search"
          class="input"
          dir="auto"
          placeholder="Search rooms and people"
          aria-label="Search your rooms and people"
          .value=${this.query}
          @input=${this.onSearch}
          @keydown=${this.onSearchKey}
        />
      </div>
      <nav class="room-list" aria-label="Rooms" @keydown=${this.onKey}>
        ${this.section("Rooms", rooms, stop)} ${this.section("Direct messages", people, stop)}
        ${ids.length === 0 ? this.nothing() : null}
      </nav>
    `;
  }

  /**
   * @param {string} title
   * @param {Room[]} rooms
   * @param {string | undefined} stop
   */
  section(title, rooms, stop) {
    if (rooms.length === 0) return null;
    return html`<section class="room-section">
      <h2>${title}</h2>
      <ul>
        ${repeat(
          rooms,
          ({ id }) => id,
          (room) => html`<li>${this.entry(room, room.id === stop)}</li>`,
        )}
      </ul>
    </section>`;
  }

  /**
   * @param {Room} room
   * @param {boolean} stop
   */
  entry(room, stop) {
    const { client } = this;
    const count = unread(room);
    const other = partner(client, room);
    return html`<button
      type="button"
      class="room-entry ${count > 0 ? "is-unread" : ""}"
      data-room=${room.id}
      tabindex=${stop ? 0 : -1}
      aria-current=${room.id === this.current ? "page" : "false"}
      @click=${() => this.open(room.id)}
    >
      ${
        other
          ? avatar(client, other, { presence: true })
          : html`<span class="room-sign">${icon(room.kind === "private" ? "lock" : "room")}</span>`
      }
      <span class="room-name">${roomName(client, room)}</span>
      ${other && client.online.has(other) ? html`<span class="visually-hidden">, here now</span>` : null}
      ${
        room.favorite
          ? html`<span class="room-favorite" title="Favourite">
            ${icon("star")}<span class="visually-hidden">, favourite</span>
          </span>`
          : null
      }
      ${
        this.failed.has(room.id)
          ? html`<span class="room-failed" title="A message was not sent">
            ${icon("warning")}<span class="visually-hidden">, a message was not sent</span>
          </span>`
          : null
      }
      ${
        count > 0
          ? html`<span class="badge">${badge(count)}<span class="visually-hidden"> unread</span></span>`
          : null
      }
    </button>`;
  }

  nothing() {
    if (this.query) {
      return html`<div class="room-nothing">
        <p>None of your rooms is called “<bdi>${this.query}</bdi>”.</p>
        <button type="button" class="link" @click=${() => this.tell("start-chat", { query: this.query })}>
          Look for people and public rooms
        </button>
      </div>`;
    }
    if (!this.client.me) {
      return html`<div class="room-skeleton" aria-hidden="true">
        ${[1, 2, 3, 4].map(() => html`<span></span>`)}
      </div>`;
    }
    return html`<p class="room-nothing">Your rooms will be listed here.</p>`;
  }

  /** @param {InputEvent} event */
  onSearch(event) {
    this.query = /** @type {HTMLInputElement} */ (event.target).value;
  }

  /** @param {KeyboardEvent} event */
  onSearchKey(event) {
    const first = /** @type {HTMLElement | null} */ (this.querySelector(".room-entry"));
    if (event.key === "ArrowDown") {
      event.preventDefault();
      first?.focus();
    } else if (event.key === "Enter") {
      event.preventDefault();
      first?.click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.query) this.query = "";
      else this.tell("focus-composer");
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const entries = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".room-entry")]);
    const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 };
    if (event.key === "Escape" && this.query) {
      this.focusSearch();
      this.query = "";
    }
    if (at < 0 || !(event.key in moves) || event.altKey) return;
    event.preventDefault();
    const next = entries[Math.min(Math.max(moves[event.key], 0), entries.length - 1)];
    this.focused = next.dataset.room ?? "";
    next.focus();
  }

  /** @param {string} room its id */
  open(room) {
    this.query = "";
    this.tell("open-room", { room });
  }

  focusSearch() {
    this.querySelector("input")?.select();
  }
}

customElements.define("mc-room-list", RoomList);
