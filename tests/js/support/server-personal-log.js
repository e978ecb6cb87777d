/**
 * @typedef {import("../../../static/chat/protocol.js").PersonalChange} PersonalChange
 * @typedef {import("./server.js").Server} Server
 */

/** A person's own log at the server in memory. */
export class ServerPersonalLog {
  version = 0;
  /** How many changes it sends at once. */
  pageLimit = 3;
  /** @type {Map<string, PersonalChange>} */
  #changes = new Map();

  /**
   * @param {Server} server
   * @param {string} username
   */
  constructor(server, username) {
    this.server = server;
    this.username = username;
  }

  /** @param {string} kind @param {string} room */
  value(kind, room) {
    return /** @type {any} */ (this.#changes.get(`${kind} ${room}`)?.value);
  }

  /** What each thing is. */
  get values() {
    return Object.fromEntries([...this.#changes].map(([key, { value }]) => [key, value]));
  }

  /** @param {string} kind @param {string} room @param {boolean} value @returns {PersonalChange} */
  change(kind, room, value) {
    const known = this.#changes.get(`${kind} ${room}`) ?? { kind, room, value: false, version: 0 };
    if (known.value === value) return known;
    this.version += 1;
    const change = { kind, room, value, version: this.version };
    this.#changes.set(`${kind} ${room}`, change);
    this.server.broadcast(
      { type: "me.changed", version: this.version, changes: [change] },
      ({ username }) => username === this.username,
    );
    return change;
  }

  /** @param {number} after */
  page(after) {
    const reset = after > this.version;
    const all = [...this.#changes.values()]
      .filter(({ version }) => version > (reset ? 0 : after))
      .sort((a, b) => a.version - b.version);
    const changes = all.slice(0, this.pageLimit);
    const version = changes.at(-1)?.version ?? (reset ? 0 : after);
    return { changes, version, more: all.length > changes.length, reset };
  }

  /** Forgets all, as a restore to a time before does. */
  restore() {
    this.version = 0;
    this.#changes.clear();
  }
}
