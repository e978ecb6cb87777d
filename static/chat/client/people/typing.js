/** Someone who said nothing for this long has stopped, in milliseconds. */
const LASTS = 5_000;
/** One's own typing is told at most this often, in milliseconds. */
const EVERY = 3_000;

/** Who is typing in which room. */
export class Typing {
  /** @type {Map<string, Map<string, () => void>>} by room and username: how to cancel its end */
  #rooms = new Map();
  /** @type {Map<string, number>} when it was last told, by room */
  #told = new Map();
  #monotonic;
  #setTimer;
  #changed;

  /**
   * @param {{
   *   monotonic: () => number,
   *   setTimer: import("../lib/types.js").SetTimer,
   *   changed: (room: string) => void,
   * }} options
   */
  constructor({ monotonic, setTimer, changed }) {
    this.#monotonic = monotonic;
    this.#setTimer = setTimer;
    this.#changed = changed;
  }

  /** @param {string} room */
  in(room) {
    return [...(this.#rooms.get(room)?.keys() ?? [])];
  }

  /**
   * @param {string} room
   * @param {string} username
   */
  started(room, username) {
    const names = this.#rooms.get(room) ?? new Map();
    this.#rooms.set(room, names);
    const isNew = !names.has(username);
    names.get(username)?.();
    names.set(
      username,
      this.#setTimer(() => this.stopped(room, username), LASTS),
    );
    if (isNew) this.#changed(room);
  }

  /**
   * @param {string} room
   * @param {string} username
   */
  stopped(room, username) {
    const names = this.#rooms.get(room);
    const cancel = names?.get(username);
    if (!names || !cancel) return;
    cancel();
    names.delete(username);
    if (names.size === 0) this.#rooms.delete(room);
    this.#changed(room);
  }

  clear() {
    for (const [room, names] of [...this.#rooms]) {
      for (const username of [...names.keys()]) this.stopped(room, username);
    }
  }

  /**
   * Whether it is time to tell the room that one is typing.
   * @param {string} room
   */
  isDue(room) {
    const now = this.#monotonic();
    if (now - (this.#told.get(room) ?? -Infinity) < EVERY) return false;
    this.#told.set(room, now);
    return true;
  }

  /** The message is sent: the next key is the start of another. @param {string} room */
  isDone(room) {
    this.#told.delete(room);
  }
}
