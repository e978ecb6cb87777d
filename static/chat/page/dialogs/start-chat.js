import { html } from "lit";
import { spokenName } from "../../client/people/names.js";
import { ChatDialog } from "../lib/dialog.js";
import { icon } from "../lib/icons.js";
import { personName } from "../people/name.js";
import "../people/people-search.js";
import "./public-rooms.js";

const TABS = /** @type {const} */ ([
  { id: "person", label: "People" },
  { id: "new", label: "New room" },
  { id: "find", label: "Public rooms" },
]);

/** @typedef {import("../lib/events.js").PageEvent<"choose-person">} PersonChosen */

/** Every way to a conversation: a person, a new room, a public room that exists. */
export class StartChat extends ChatDialog {
  static properties = {
    tab: { type: String },
    query: { type: String },
    members: { state: true },
    kind: { state: true },
  };

  constructor() {
    super();
    /** @type {"person" | "new" | "find"} */
    this.tab = "person";
    this.query = "";
    /** @type {string[]} usernames for the new room */
    this.members = [];
    this.kind = "private";
  }

  get heading() {
    return "Start a chat";
  }

  get me() {
    return { [this.client.me?.username ?? ""]: "you" };
  }

  content() {
    return html`
      <div class="tabs" role="tablist" aria-label="Ways to start" @keydown=${this.onTabKey}>
        ${TABS.map(
          ({ id, label }) => html`<button
            type="button"
            role="tab"
            id="tab-${id}"
            aria-controls="start-panel"
            aria-selected=${id === this.tab}
            tabindex=${id === this.tab ? 0 : -1}
            @click=${() => this.show(id)}
          >
            ${label}
          </button>`,
        )}
      </div>
      <div class="tab-panel" id="start-panel" role="tabpanel" aria-labelledby="tab-${this.tab}">
        ${this.panel()}
      </div>
    `;
  }

  panel() {
    if (this.tab === "find") {
      return html`<mc-public-rooms .query=${this.query}></mc-public-rooms>`;
    }
    return this.tab === "new" ? this.newRoom() : this.person();
  }

  person() {
    return html`<mc-people-search
      autofocus
      label="Who do you want to talk to?"
      .query=${this.query}
      .taken=${this.me}
      @choose-person=${(/** @type {PersonChosen} */ event) => this.talkTo(event.detail.person.username)}
    ></mc-people-search>`;
  }

  newRoom() {
    return html`
      <form class="dialog-form" id="new-room" @submit=${this.create}>
        <label class="field">
          <span>Name of the room</span>
          <input class="input" name="name" dir="auto" maxlength="80" required autocomplete="off" autofocus />
        </label>
        <fieldset class="choices">
          <legend>Who can see it</legend>
          ${this.choice("private", "Private", "Only those who are added.")}
          ${this.choice("public", "Public", "Everyone here can find and join it.")}
        </fieldset>
      </form>
      <mc-people-search
        label="Add people (you can do it later too)"
        .taken=${{ ...this.me, ...Object.fromEntries(this.members.map((name) => [name, "added"])) }}
        @choose-person=${(/** @type {PersonChosen} */ event) => {
          this.members = [...this.members, event.detail.person.username];
        }}
      ></mc-people-search>
      ${
        this.members.length > 0
          ? html`<ul class="chips" aria-label="People to add">
            ${this.members.map(
              (name) => html`<li class="chip">
                <span>${personName(this.client, name)}</span>
                <button
                  type="button"
                  aria-label="Do not add ${spokenName(this.client, name)}"
                  @click=${() => (this.members = this.members.filter((other) => other !== name))}
                >
                  ${icon("close")}
                </button>
              </li>`,
            )}
          </ul>`
          : null
      }
      <footer class="dialog-actions">
        <button type="button" class="button" @click=${() => this.close()}>Cancel</button>
        <button class="button is-primary" form="new-room" ?disabled=${this.busy}>Create room</button>
      </footer>
    `;
  }

  /**
   * @param {string} kind
   * @param {string} title
   * @param {string} text
   */
  choice(kind, title, text) {
    return html`<label class="choice">
      <input
        type="radio"
        name="kind"
        value=${kind}
        .checked=${this.kind === kind}
        @change=${() => (this.kind = kind)}
      />
      <span><strong>${title}</strong> <small>${text}</small></span>
    </label>`;
  }

  /** @param {"person" | "new" | "find"} tab */
  async show(tab) {
    this.tab = tab;
    this.error = "";
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector(`#tab-${tab}`))?.focus();
  }

  /** @param {KeyboardEvent} event */
  onTabKey(event) {
    const at = TABS.findIndex(({ id }) => id === this.tab);
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const tab = TABS.at(moves[event.key] % TABS.length);
    if (tab) void this.show(tab.id);
  }

  /** @param {string} username */
  async talkTo(username) {
    const reply = await this.ask({ type: "room.open", kind: "direct", members: [username] });
    if (!reply) return;
    this.open(reply.room.id);
    const asked = reply.asked?.length ?? 0;
    if (asked > 0) {
      const who =
        asked === 1
          ? "One person whom you share no room with has"
          : `${asked} people whom you share no room with have`;
      this.tell("said", { text: `${who} been asked, to join when they accept.` });
    }
  }

  /** @param {SubmitEvent} event */
  async create(event) {
    event.preventDefault();
    const name = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("name");
    const command = { type: "room.open", kind: this.kind, name, members: this.members };
    const reply = await this.ask(command);
    if (reply) this.open(reply.room.id);
  }

  /** @param {string} room */
  open(room) {
    this.tell("open-room", { room });
  }
}

customElements.define("mc-start-chat", StartChat);
