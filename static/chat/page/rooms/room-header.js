import { html } from "lit";
import { avatar } from "../people/avatar.js";
import { blockItem } from "../people/blocking.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";
import "../lib/menu.js";
import { roomName } from "../people/name.js";
import { partner } from "../lib/rooms.js";

/** The name of the room that is open, who is here, and the way to its details. */
export class RoomHeader extends ChatElement {
  static properties = { room: { attribute: false } };
  changes = new ClientEvents(this, ["presence", "people", "room", "blocked"]);

  constructor() {
    super();
    /** @type {import("../../protocol.js").Room} */
    this.room = /** @type {any} */ (null);
  }

  render() {
    const { client, room } = this;
    const other = partner(client, room);
    return html`<header class="room-header">
      <button
        type="button"
        class="icon-button back-button"
        aria-label="Back to the rooms"
        @click=${() => this.tell("show-rooms")}
      >
        ${icon("back")}
      </button>
      ${
        other
          ? avatar(client, other, { presence: true })
          : html`<span class="room-sign">${icon(room.kind === "private" ? "lock" : "room")}</span>`
      }
      <div class="room-header-words">
        <h2>${roomName(client, room)}</h2>
        <p>${other ? this.partnerLine(other) : this.membersLine()}</p>
      </div>
      <button
        type="button"
        class="icon-button favorite-button"
        aria-label="Favourite"
        aria-pressed=${Boolean(room.favorite)}
        title=${room.favorite ? "Take out of your favourites" : "Add to your favourites"}
        @click=${this.toggleFavorite}
      >
        ${icon("star")}
      </button>
      ${
        other
          ? html`<mc-menu label="About this conversation" .items=${this.items(other)}></mc-menu>`
          : html`<button
            type="button"
            class="icon-button"
            aria-label="Members and details"
            title="Members and details"
            @click=${() => this.tell("show-details", { room })}
          >
            ${icon("people")}
          </button>`
      }
    </header>`;
  }

  async toggleFavorite() {
    const { id, favorite } = this.room;
    try {
      await this.client.setFavorite(id, !favorite);
    } catch (error) {
      this.tellRefusal(error);
    }
  }

  /**
   * @param {string} other
   * @returns {import("../lib/menu.js").MenuItem[]}
   */
  items(other) {
    const room = this.room.id;
    return [
      {
        label: "Put away until the next message",
        icon: "put-away",
        run: () => this.tell("put-away", { room }),
      },
      ...(other === this.client.me?.username ? [] : [blockItem(this, other)]),
    ];
  }

  /** @param {string} username */
  partnerLine(username) {
    if (this.client.blocked.has(username)) return html`<bdi>@${username}</bdi> · blocked`;
    if (!this.client.isPresenceKnown) return html`<bdi>@${username}</bdi>`;
    return html`<bdi>@${username}</bdi> · ${this.client.online.has(username) ? "here now" : "away"}`;
  }

  membersLine() {
    const { client, room } = this;
    const kind = room.kind === "private" ? "Private" : "Public";
    const count = `${room.member_count} ${room.member_count === 1 ? "member" : "members"}`;
    const here = room.members?.filter((name) => client.online.has(name)).length ?? 0;
    const presence = here > 1 ? ` · ${here} here now` : "";
    return html`<span class="room-kind">${kind} · </span>${count}${presence}`;
  }
}

customElements.define("mc-room-header", RoomHeader);
