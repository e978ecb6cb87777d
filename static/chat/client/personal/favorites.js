import { deferred } from "../lib/deferred.js";
import { takenBack } from "../lib/errors.js";

/**
 * What the person wants of one room, until the log that is held says it.
 * @typedef {{
 *   on: boolean,
 *   asking: AbortController | null,
 *   version: number | null,
 * } & ReturnType<typeof deferred>} Wish `asking`: the server is being told; `version`: of the
 *   log with which it is done, null before the server has answered
 */

/**
 * The rooms that this person wants at hand. A change shows at once and is told the server until it
 * answers, over lost connections; where it refuses, what was before shows again.
 */
export class Favorites {
  /** @type {Map<string, Wish>} by room */
  #wishes = new Map();
  /** @type {Map<string, boolean>} what rooms said themselves, which may be older than the log */
  #told = new Map();
  #log;
  #tell;
  #changed;

  /**
   * @param {{
   *   log: import("./personal-log.js").PersonalLog,
   *   tell: (room: string, on: boolean, signal: AbortSignal) =>
   *     Promise<import("../../protocol.js").PersonalChangeReply>,
   *   changed: (room: string) => void,
   * }} options `tell` tells the server until it answers or refuses for good
   */
  constructor({ log, tell, changed }) {
    this.#log = log;
    this.#tell = tell;
    this.#changed = changed;
  }

  /** @param {string} room @returns {boolean} */
  has(room) {
    const own = this.#wishes.get(room)?.on ?? this.#log.value("favorite", room);
    return Boolean(own ?? this.#told.get(room));
  }

  /** Takes what a room says of itself. An older server says nothing. @param {string} room @param {boolean | undefined} on */
  told(room, on) {
    this.#told.set(room, on ?? false);
  }

  /**
   * @param {string} room
   * @param {boolean} on
   * @returns {Promise<void>} when the server has it; rejects with what it refuses, or with `aborted`
   *   where a newer wish took its place
   */
  set(room, on) {
    this.#drop(room);
    /** @type {Wish} */
    const wish = { on, asking: null, version: null, ...deferred() };
    this.#wishes.set(room, wish);
    this.#changed(room);
    void this.#send(room, wish);
    return wish.promise;
  }

  /** There is a new connection: what has not been told is. */
  resume() {
    for (const [room, wish] of this.#wishes) {
      if (!wish.asking && wish.version === null) void this.#send(room, wish);
    }
  }

  /** The log holds more: what the server has done is in it. */
  settle() {
    for (const [room, { version }] of this.#wishes) {
      if (version !== null && version <= this.#log.version) {
        this.#wishes.delete(room);
        this.#changed(room);
      }
    }
  }

  /** Another history: its log will not get to the versions of the former one. */
  restored() {
    for (const [room, { version }] of this.#wishes) if (version !== null) this.#drop(room);
  }

  /** Another person. */
  forget() {
    for (const room of [...this.#wishes.keys()]) this.#drop(room);
    this.#told.clear();
  }

  /** @param {string} room */
  #drop(room) {
    const wish = this.#wishes.get(room);
    this.#wishes.delete(room);
    wish?.asking?.abort();
    wish?.reject(takenBack()); // nothing, where it was done
  }

  /**
   * @param {string} room
   * @param {Wish} wish
   */
  async #send(room, wish) {
    wish.asking = new AbortController();
    const isCurrent = () => this.#wishes.get(room) === wish;
    try {
      const { change } = await this.#tell(room, wish.on, wish.asking.signal);
      if (!isCurrent()) return;
      wish.version = change.version;
      wish.resolve();
      this.#log.hear({ version: change.version, changes: [change] });
      this.settle();
    } catch (error) {
      if (!isCurrent()) return;
      // The client was disconnected: it is told when there is a connection again.
      if (/** @type {any} */ (error).code === "aborted") return;
      this.#wishes.delete(room);
      this.#changed(room);
      wish.reject(/** @type {any} */ (error));
    } finally {
      wish.asking = null;
    }
  }
}
