import { html } from "lit";
import { avatar } from "./avatar.js";
import { ChatElement } from "./element.js";
import { Reading } from "./reading.js";

/** @typedef {{username: string, display_name: string}} Person */

const PAUSE_MS = 150;

/** Finds people as one types. Choosing one tells `choose-person` {person}. */
export class PeopleSearch extends ChatElement {
  static properties = {
    label: { type: String },
    exclude: { attribute: false },
    query: { state: true },
    people: { state: true },
    active: { state: true },
  };

  static follows = ["presence", "people"];

  constructor() {
    super();
    this.label = "Find people";
    /** @type {string[]} usernames that are not offered */
    this.exclude = [];
    this.query = "";
    /** @type {Person[] | null} null before the first answer */
    this.people = null;
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

  get offered() {
    return (this.people ?? []).filter(({ username }) => !this.exclude.includes(username));
  }

  render() {
    const people = this.offered;
    return html`
      <label class="field">
        <span>${this.label}</span>
        <input
          type="text"
          class="input"
          role="combobox"
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
        ${people.map(
          (person, index) => html`<li
            id="person-${index}"
            role="option"
            class="found-entry"
            aria-selected=${index === this.active}
            @click=${() => this.choose(person)}
          >
            ${avatar(this.client, person.username, { presence: true })}
            <span class="found-name"><bdi>${person.display_name || person.username}</bdi></span>
            <bdi class="handle">@${person.username}</bdi>
          </li>`,
        )}
      </ul>
      <p class="hint" role="status">${this.hint(people)}</p>
    `;
  }

  /** @param {Person[]} people */
  hint(people) {
    if (this.reading.error || this.reading.wait) return this.reading.error || this.reading.wait;
    if (!this.query.trim()) return "Type the beginning of a name.";
    if (this.people && people.length === 0) return `Nobody is called “${this.query}”.`;
    return "";
  }

  /** @param {InputEvent} event */
  onInput(event) {
    this.query = /** @type {HTMLInputElement} */ (event.target).value;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.find(), PAUSE_MS);
  }

  async find() {
    const query = this.query.trim();
    if (!query) {
      this.people = null;
      this.reading.end();
      return;
    }
    const reply = await this.reading.ask({ type: "people.find", query });
    if (!reply || query !== this.query.trim()) return;
    this.people = reply.people;
    this.active = 0;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const people = this.offered;
    if (people.length === 0) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : people.length - 1;
      this.active = (this.active + step) % people.length;
    } else if (event.key === "Enter") this.choose(people[this.active]);
    else return;
    event.preventDefault();
  }

  /** @param {Person} person */
  choose(person) {
    this.query = "";
    this.people = null;
    this.tell("choose-person", { person });
    this.querySelector("input")?.focus();
  }
}

customElements.define("mc-people-search", PeopleSearch);
