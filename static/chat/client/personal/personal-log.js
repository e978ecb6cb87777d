/** @typedef {import("../../protocol.js").PersonalChange} PersonalChange */

/** What a change is about. @param {Pick<PersonalChange, "kind" | "room" | "key">} change */
const keyOf = ({ kind, room, key }) => `${kind} ${room ?? key}`;

/**
 * What this person has changed for themselves alone, on whatever device: the newest value of each
 * thing, up to a version of their log.
 *
 * A change that does not follow what is held has the log asked for what is missing, with one request
 * at a time. Changes that come meanwhile are part of a later answer.
 */
export class PersonalLog {
  /** The log is held up to here. */
  version = 0;
  /** @type {Map<string, PersonalChange>} the newest change of each thing */
  #changes = new Map();
  /** The newest version that was heard of. */
  #newest = 0;
  /** Ends what is asked for another person, or of another history. @type {AbortController | null} */
  #asking = null;
  #ask;
  #changed;

  /**
   * @param {{
   *   ask: (after: number, signal: AbortSignal) =>
   *     Promise<import("../../protocol.js").PersonalChangesReply>,
   *   changed: (changes: PersonalChange[]) => void,
   * }} options `ask` asks until there is an answer, is refused for good, or the signal ends it;
   *   `changed`: these things are, or may be, others than before
   */
  constructor({ ask, changed }) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** The newest version that the log is known to have. */
  get newest() {
    return Math.max(this.version, this.#newest);
  }

  /**
   * What one thing is; undefined where no change of it is held.
   * @param {string} kind
   * @param {string} key
   */
  value(kind, key) {
    return this.#changes.get(`${kind} ${key}`)?.value;
  }

  /** Takes the version of `ready`. An older server tells none. @param {number | undefined} version */
  greeted(version) {
    if (version === undefined) return this.forget();
    this.#newest = version;
    if (version !== this.version) void this.#catchUp();
  }

  /** Takes an event, or the answer to one's own change. @param {{version: number, changes: PersonalChange[]}} event */
  hear({ version, changes }) {
    if (version <= this.version) return;
    this.#newest = Math.max(version, this.#newest);
    if (!this.#asking && version === this.version + 1 && changes.length > 0) {
      this.#apply(changes, version);
    } else {
      void this.#catchUp();
    }
  }

  /** Another person, or another history. */
  forget() {
    this.#asking?.abort();
    this.#asking = null;
    this.#newest = 0;
    this.#reset();
  }

  #reset() {
    const gone = [...this.#changes.values()];
    this.#changes.clear();
    this.version = 0;
    if (gone.length > 0) this.#changed(gone);
  }

  /**
   * @param {PersonalChange[]} changes in the order of their versions
   * @param {number} version
   */
  #apply(changes, version) {
    for (const change of changes) this.#changes.set(keyOf(change), change);
    this.version = version;
    this.#changed(changes);
  }

  async #catchUp() {
    if (this.#asking) return;
    const asking = (this.#asking = new AbortController());
    const isOver = () => this.#asking !== asking;
    try {
      let more = false;
      do {
        const known = this.#newest;
        const reply = await this.#ask(this.version, asking.signal);
        if (isOver()) return;
        if (reply.reset) this.#reset();
        this.#apply(reply.changes, reply.version);
        more = reply.more;
        // What the server does not have although it was asked, nobody has.
        if (!more && this.#newest === known) this.#newest = this.version;
      } while (more || this.#newest > this.version);
    } catch {
      // It was taken back or refused: the next change, or the next greeting, asks again.
    } finally {
      if (!isOver()) this.#asking = null;
    }
  }
}
