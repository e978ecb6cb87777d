/** Marks of the same moment go together, in milliseconds. */
const GATHER = 400;

/** How far this person has read each room, until the server knows it. It only ever grows. */
export class ReadReceipts {
  /** @type {Map<string, number>} */
  #untold = new Map();
  /** @type {Map<string, number>} what the server is being told */
  #telling = new Map();
  #tell;
  #setTimer;
  /** @type {(() => void) | null} */
  #cancel = null;
  /** Ends what is under way when its numbers mean nothing any more. */
  #current = new AbortController();

  /**
   * @param {{
   *   tell: (room: string, number: number, signal: AbortSignal) => Promise<unknown>,
   *   setTimer: import("../lib/types.js").SetTimer,
   * }} options `tell` tells the server until it knows, refuses it for good, or the signal says so
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
   * How far a room is read by what the server says, and by what it has not been told yet.
   *
   * @param {string} room
   * @param {number} read
   */
  merged(room, read) {
    return Math.max(read, this.#untold.get(room) ?? 0);
  }

  /** Tells the server now: at `ready`, or before the page goes. */
  flush() {
    this.#cancel?.();
    this.#cancel = null;
    const { signal } = this.#current;
    for (const [room, number] of this.#untold) {
      if (this.#telling.get(room) === number) continue;
      this.#telling.set(room, number);
      this.#tell(room, number, signal)
        .then(
          () => true,
          // Told again at the next `ready`; anything else would be refused again.
          (error) => error.code !== "aborted",
        )
        .then((isDone) => signal.aborted || this.#ended(room, number, isDone));
    }
  }

  /** Another person, or another history: nothing of this is said any more. */
  clear() {
    this.#cancel?.();
    this.#cancel = null;
    this.#untold.clear();
    this.#telling.clear();
    this.#current.abort();
    this.#current = new AbortController();
  }

  /**
   * @param {string} room
   * @param {number} number
   * @param {boolean} isDone the server knows it, or refuses it for good
   */
  #ended(room, number, isDone) {
    if (isDone && this.#untold.get(room) === number) this.#untold.delete(room);
    if (this.#telling.get(room) === number) this.#telling.delete(room);
  }
}
