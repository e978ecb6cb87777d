import { html } from "lit";
import { isolated } from "../../client/people/names.js";
import { avatar } from "./avatar.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { Reading } from "../lib/reading.js";

/** @typedef {{username: string, display_name: string}} Person */

/** @typedef {"you" | "member" | "added" | "asked"} Reason why somebody cannot be chosen */

const PAUSE_MS = 150;
/** @type {Record<Reason, string>} */
const LABELS = { you: "You", member: "Member", added: "Added", asked: "Asked" };
/** @type {Record<Reason, (name: string) => string>} */
const SENTENCES = {
  you: () => "That is you.",
  member: (name) => `${name} is a member already.`,
  added: (name) => `${name} has been added already.`,
  asked: (name) => `${name} has been asked already.`,
};

/**
 * Finds people as one types. Choosing one tells `choose-person` {person}. Those who cannot be chosen
 * are shown with the reason: a search that left them out would say that there is nobody.
 */
export class PeopleSearch extends ChatElement {
  static properties = {
    label: { type: String },
    taken: { attribute: false },
    room: { type: String },
    query: { state: true },
    people: { state: true },
    more: { state: true },
    active: { state: true },
  };

  changes = new ClientEvents(this, ["presence", "people"]);

  constructor() {
    super();
    this.label = "Find people";
    /** @type {Record<string, Reason>} who cannot be chosen, by username */
    this.taken = {};
    /** The room whose members cannot be chosen. */
    this.room = "";
    this.query = "";
    /** @type {Person[] | null} null before the first answer */
    this.people = null;
    /** Whether there are further people. */
    this.more = false;
    /** @type {Set<string>} those of the people who are in the room */
    this.members = new Set();
    this.active = 0;
    this.reading = new Reading(this);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.pause = undefined;
  }

  firstUpdated() {
    if (this.autofocus) this.querySelector("input")?.focus();
    if (this.query) void this.find();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.pause);
  }

  /** @param {Person} person @returns {Reason | null} */
  whyNot({ username }) {
    return this.taken[username] ?? (this.members.has(username) ? "member" : null);
  }

  render() {
    const people = this.people ?? [];
    return html`
      <label class="field">
        <span>${this.label}</span>
        <input
          type="text"
          class="input"
          role="combobox"
          dir="auto"
          autocomplete="off"
          placeholder="Name or username"
          aria-autocomplete="list"
          aria-expanded=${people.length > 0}
          aria-controls="people-found"
          aria-activedescendant=${people.length > 0 ? `person-${this.active}` : ""}
          .value=${this.query}
          @input=${this.onInput}
          @keydown=${this.onKey}
        />
      </label>
      <ul id="people-found" class="found" role="listbox" aria-label="People found" ?hidden=${people.length === 0}>
        ${people.map((person, index) => this.option(person, index))}
      </ul>
      ${
        people.length > 0 && this.more
          ? html`<button type="button" class="link" @click=${() => this.find(people.at(-1)?.username)}>
            Show more people
          </button>`
          : null
      }
      <p class="hint" role="status">${this.hint(people)}</p>
    `;
  }

  /**
   * @param {Person} person
   * @param {number} index
   */
  option(person, index) {
    const why = this.whyNot(person);
    return html`<li
      id="person-${index}"
      role="option"
      class="found-entry"
      aria-selected=${index === this.active}
      aria-disabled=${why ? "true" : "false"}
      @click=${() => this.choose(person)}
    >
      ${avatar(this.client, person.username, { presence: true })}
      <span class="found-name"><bdi>${person.display_name || person.username}</bdi></span>
      <bdi class="handle">@${person.username}</bdi>
      ${why ? html`<span class="role">${LABELS[why]}</span>` : null}
    </li>`;
  }

  /** @param {Person[]} people */
  hint(people) {
    if (this.reading.error || this.reading.wait) return this.reading.error || this.reading.wait;
    if (!this.query.trim()) return "Type the beginning of a name.";
    if (this.people && people.length === 0)
      return html`Nobody is called “<bdi>${this.query}</bdi>”.`;
    const [first] = people;
    const why = people.length === 1 ? this.whyNot(first) : null;
    if (why) return SENTENCES[why](isolated(first.display_name || first.username));
    return this.more ? "There are more people: show them, or type more of the name." : "";
  }

  /** @param {InputEvent} event */
  onInput(event) {
    this.query = /** @type {HTMLInputElement} */ (event.target).value;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.find(), PAUSE_MS);
  }

  /** @param {string} [after] the last of those who are shown, to show more */
  async find(after = "") {
    const query = this.query.trim();
    if (!query) {
      this.people = null;
      this.reading.end();
      return;
    }
    const reply = await this.reading.ask({
      type: "people.find",
      query,
      ...(after && { after }),
      ...(this.room && { room: this.room }),
    });
    if (!reply || query !== this.query.trim()) return;
    const before = after ? (this.people ?? []) : [];
    this.members = new Set([...(after ? this.members : []), ...(reply.members ?? [])]);
    this.people = [...before, ...reply.people];
    this.more = reply.more;
    const free = reply.people.findIndex((person) => !this.whyNot(person));
    this.active = before.length + Math.max(free, 0);
    if (before.length > 0) await this.showActive({ focus: true });
  }

  /** @param {{focus?: boolean}} [options] */
  async showActive({ focus = false } = {}) {
    await this.updateComplete;
    if (focus) this.querySelector("input")?.focus();
    this.querySelector(`#person-${this.active}`)?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const people = this.people ?? [];
    if (people.length === 0) return;
    if (event.key === "ArrowDown" && this.more && this.active === people.length - 1) {
      void this.find(people[this.active].username);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : people.length - 1;
      this.active = (this.active + step) % people.length;
      void this.showActive();
    } else if (event.key === "Enter") this.choose(people[this.active]);
    else return;
    event.preventDefault();
  }

  /** @param {Person} person */
  choose(person) {
    if (this.whyNot(person)) return;
    this.query = "";
    this.people = null;
    this.tell("choose-person", { person });
    this.querySelector("input")?.focus();
  }
}

customElements.define("mc-people-search", PeopleSearch);
