import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { isolated } from "../../client/people/names.js";
import { avatar } from "../people/avatar.js";
import { blockItem } from "../people/blocking.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import "../lib/menu.js";
import { displayName } from "../lib/rooms.js";

/** @typedef {import("../../protocol.js").RoomRequest} RoomRequest */

/** The rooms into which strangers ask this person, above their own. */
export class Requests extends ChatElement {
  static properties = { answering: { state: true } };
  changes = new ClientEvents(this, ["requests", "people", "blocked"]);

  constructor() {
    super();
    /** The room whose request is being answered. */
    this.answering = "";
    /** The room that was refused, until its request has gone from the list. */
    this.refused = "";
  }

  render() {
    const { requests } = this.client;
    const count = requests.length;
    return html`
      <p class="visually-hidden" role="status">
        ${count > 0 ? `${count} ${count === 1 ? "request waits" : "requests wait"} for your answer` : ""}
      </p>
      ${
        count > 0
          ? html`<section class="requests" aria-label="Requests">
            <h2>Requests</h2>
            <ul>
              ${repeat(
                requests,
                ({ room }) => room,
                (request) => this.entry(request),
              )}
            </ul>
          </section>`
          : null
      }
    `;
  }

  /** @param {RoomRequest} request */
  entry(request) {
    const { client } = this;
    const busy = this.answering === request.room;
    return html`<li class="request">
      ${avatar(client, request.by)}
      <p class="request-words">
        <bdi class="found-name">${displayName(client, request.by)}</bdi> <bdi class="handle">@${request.by}</bdi>
        ${
          request.kind === "direct"
            ? "would like to write to you"
            : html`asks you into the ${request.kind} room <bdi>${request.name}</bdi>`
        }
      </p>
      <div class="request-answers">
        <button
          type="button"
          class="button is-primary is-small"
          ?disabled=${busy}
          @click=${() => this.accept(request)}
        >
          Accept<span class="visually-hidden"> the request of <bdi>${request.by}</bdi></span>
        </button>
        <button type="button" class="button is-small" ?disabled=${busy} @click=${() => this.refuse(request)}>
          Refuse<span class="visually-hidden"> the request of <bdi>${request.by}</bdi></span>
        </button>
        <mc-menu label="More about ${isolated(request.by)}" .items=${[blockItem(this, request.by)]}></mc-menu>
      </div>
    </li>`;
  }

  /** @param {RoomRequest} request */
  async accept({ room }) {
    if (await this.answer({ type: "room.accept", room })) this.tell("open-room", { room });
  }

  /** @param {RoomRequest} request */
  async refuse({ room }) {
    if (await this.answer({ type: "room.refuse", room })) this.refused = room;
    this.requestUpdate();
  }

  /** The button that had the focus goes with its request. */
  updated() {
    const { requests } = this.client;
    if (!this.refused || requests.some(({ room }) => room === this.refused)) return;
    this.refused = "";
    const next = /** @type {HTMLElement | null} */ (this.querySelector(".request .button"));
    if (next) next.focus();
    else this.tell("focus-search");
  }

  /**
   * @param {{type: "room.accept" | "room.refuse", room: string}} command
   * @returns {Promise<boolean>} whether it was answered
   */
  async answer(command) {
    this.answering = command.room;
    try {
      await this.client.send(command);
      return true;
    } catch (error) {
      this.tellRefusal(error);
      return false;
    } finally {
      this.answering = "";
    }
  }
}

customElements.define("mc-requests", Requests);
