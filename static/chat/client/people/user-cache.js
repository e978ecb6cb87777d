import { fold } from "./look-alikes.js";

/** How many people the server describes at once. */
const BATCH = 200;
/** Names that are asked for within this time go together, in milliseconds. */
const GATHER = 20;

/**
 * How people are called and look. Those who are not known yet are asked for together; until
 * then they are called by their username.
 */
export class UserCache {
  /** @type {Map<string, import("../../protocol.js").Person>} */
  #known = new Map();
  /** @type {Map<string, Set<string>>} usernames by what the person's names are taken for */
  #alike = new Map();
  /** @type {Set<string>} asked for or about to be */
  #wanted = new Set();
  #request;
  #setTimer;
  #changed;

  /**
   * @param {{
   *   request: (usernames: string[]) => Promise<{people: import("../../protocol.js").Person[]}>,
   *   setTimer: import("../lib/types.js").SetTimer,
   *   changed: () => void,
   * }} options
   */
  constructor({ request, setTimer, changed }) {
    this.#request = request;
    this.#setTimer = setTimer;
    this.#changed = changed;
  }

  /**
   * @param {string} username
   * @returns {import("../../protocol.js").Person}
   */
  get(username) {
    const known = this.#known.get(username);
    if (known) return known;
    const unknown = { username, display_name: username, avatar_url: null };
    if (username && !this.#wanted.has(username)) {
      if (this.#wanted.size === 0) this.#setTimer(() => void this.#fetch(), GATHER);
      this.#wanted.add(username);
    }
    return unknown;
  }

  /** @param {import("../../protocol.js").Person} person */
  put(person) {
    this.#remember(person);
    this.#changed();
  }

  /**
   * Whether the name by which this person is called is taken for the one of somebody else, or for
   * the username of somebody else.
   * @param {string} username
   */
  isAmbiguous(username) {
    const person = this.#known.get(username);
    if (!person?.display_name || person.display_name === username) return false;
    const alike = this.#alike.get(fold(person.display_name));
    return alike !== undefined && alike.size > (alike.has(username) ? 1 : 0);
  }

  /** @param {import("../../protocol.js").Person} person */
  #remember({ username, display_name, avatar_url }) {
    const before = this.#known.get(username);
    if (before) this.#alike.get(fold(before.display_name))?.delete(username);
    this.#known.set(username, { username, display_name, avatar_url });
    for (const name of [username, display_name || username]) {
      const folded = fold(name);
      const alike = this.#alike.get(folded);
      if (alike) alike.add(username);
      else this.#alike.set(folded, new Set([username]));
    }
  }

  /** What was missed while away is asked for again, when somebody looks. */
  forget() {
    this.#known.clear();
    this.#alike.clear();
    this.#changed();
  }

  async #fetch() {
    const usernames = [...this.#wanted];
    for (let start = 0; start < usernames.length; start += BATCH) {
      const batch = usernames.slice(start, start + BATCH);
      try {
        const { people } = await this.#request(batch);
        // Whoever does not exist keeps the username, and is not asked for again.
        for (const username of batch) {
          this.#remember({ username, display_name: username, avatar_url: null });
        }
        for (const person of people) this.#remember(person);
      } catch {
        // They are asked for again when somebody looks at them the next time.
      }
      for (const username of batch) this.#wanted.delete(username);
    }
    this.#changed();
    if (this.#wanted.size > 0) this.#setTimer(() => void this.#fetch(), GATHER);
  }
}
