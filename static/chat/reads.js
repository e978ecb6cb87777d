/** Marks of the same moment go together, in milliseconds. */
const GATHER = 400;

/** How far this person has read each room, until the server knows it. It only ever grows. */
export class Reads {
  /** @type {Map<string, number>} */
  #untold = new Map();
  /** @type {Map<string, number>} what the server is being told */
  #telling = new Map();
  #tell;
  #setTimer;
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {{
   *   tell: (room: string, number: number) => Promise<unknown>,
   *   setTimer: import("./types.js").SetTimer,
   * }} options `tell` tells the server until it knows, or refuses it for good
   */
  constructor({ tell, setTimer }) {
    this.#tell = tell;
    this.#setTimer = setTimer;
  }

  /**
   * @param {string} room
   * @param {number} number
   */
  mark(room, number) {
    this.#untold.set(room, Math.max(number, this.#untold.get(room) ?? 0));
    this.#cancel ??= this.#setTimer(() => this.flush(), GATHER);
  }

  /**
   * What the server says of a room, with what it has not been told yet.
   *
   * @param {import("./protocol.js").Room} room
   * @returns {import("./protocol.js").Room}
   */
  merged(room) {
    const untold = this.#untold.get(room.id) ?? 0;
    return untold > room.read ? { ...room, read: untold } : room;
  }

  /** Tells the server now: at `ready`, or before the page goes. */
  flush() {
    this.#cancel?.();
    this.#cancel = null;
    for (const [room, number] of this.#untold) {
      if (this.#telling.get(room) === number) continue;
      this.#telling.set(room, number);
      this.#tell(room, number)
        .then(() => this.#told(room, number))
        .catch((error) => {
          // Told again at the next `ready`; anything else would be refused again.
          if (error.code !== "aborted") this.#told(room, number);
        })
        .finally(() => this.#telling.get(room) === number && this.#telling.delete(room));
    }
  }

  clear() {
    this.#cancel?.();
    this.#cancel = null;
    this.#untold.clear();
  }

  /**
   * @param {string} room
   * @param {number} number
   */
  #told(room, number) {
    if (this.#untold.get(room) === number) this.#untold.delete(room);
  }
}
