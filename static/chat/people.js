/** How many people the server describes at once. */
const BATCH = 200;
/** Names that are asked for within this time go together, in milliseconds. */
const GATHER = 20;

/**
 * How people are called and look. Those who are not known yet are asked for together; until
 * then they are called by their username.
 */
export class People {
  /** @type {Map<string, import("./protocol.js").Person>} */
  #known = new Map();
  /** @type {Set<string>} asked for or about to be */
  #wanted = new Set();
  #request;
  #setTimer;
  #changed;

  /**
   * @param {{
   *   request: (usernames: string[]) => Promise<{people: import("./protocol.js").Person[]}>,
   *   setTimer: import("./types.js").SetTimer,
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
   * @returns {import("./protocol.js").Person}
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

  /** @param {import("./protocol.js").Person} person */
  put({ username, display_name, avatar_url }) {
    this.#known.set(username, { username, display_name, avatar_url });
    this.#changed();
  }

  /** What was missed while away is asked for again, when somebody looks. */
  forget() {
    this.#known.clear();
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
          this.#known.set(username, { username, display_name: username, avatar_url: null });
        }
        for (const person of people) this.#known.set(person.username, person);
      } catch {
        // They are asked for again when somebody looks at them the next time.
      }
      for (const username of batch) this.#wanted.delete(username);
    }
    this.#changed();
    if (this.#wanted.size > 0) this.#setTimer(() => void this.#fetch(), GATHER);
  }
}
