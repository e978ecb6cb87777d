/** Rooms that are in doubt at the same moment are asked about together, in milliseconds. */
const GATHER = 300;
/** The longest pause before the same is asked again, in milliseconds. */
const LONGEST = 30_000;
/** The most messages of one room whose states are remembered. */
const REMEMBERED = 2_000;

/** @typedef {import("../../protocol.js").Room} Room */
/** @typedef {{sender: string, deleted: boolean, position: number}} State */

/**
 * Whether a message is one that somebody has to read: from another person, and still there.
 * @param {{sender: string, deleted: boolean}} message
 * @param {string} me the reader's username
 */
export const isCounted = (message, me) => message.sender !== me && !message.deleted;

/** What is known of one room since the server counted. */
class Count {
  /** @type {Map<number, {counts: boolean, position: number}>} what changed since then, by number */
  states = new Map();

  /** @param {{position: number, number: number}} where the room's log stood when it was counted */
  constructor({ position, number }) {
    this.position = position;
    this.number = number;
  }
}

/**
 * How much of each room is unread, kept equal to what the server would say.
 *
 * The server counts at `ready`; events are added to that. Where they do not tell, as when another
 * device has read messages that this client never saw, or one of these is deleted, the server is
 * asked to count again.
 */
export class Unread {
  /** @type {Map<string, Count>} */
  #counts = new Map();
  /** @type {Set<string>} rooms whose number may be wrong */
  #doubts = new Set();
  #pause = GATHER;
  /** @type {(() => void) | null} */
  #cancel = null;
  #abort = new AbortController();
  #host;

  /**
   * @param {{
   *   ask: (rooms: string[], signal: AbortSignal) =>
   *     Promise<{rooms: Record<string, import("../../protocol.js").Unread>}>,
   *   setTimer: import("../lib/types.js").SetTimer,
   *   room: (id: string) => Room | undefined,
   *   feed: (id: string) => import("../message-log/feed.js").Feed | undefined,
   *   me: () => string,
   *   counted: (room: Room, unread: number) => void,
   * }} host `counted` takes what the server has counted since it was asked
   */
  constructor(host) {
    this.#host = host;
  }

  /** Rooms whose number may be wrong at this moment. @returns {ReadonlySet<string>} */
  get doubts() {
    return this.#doubts;
  }

  /** All that was counted before is out of date. */
  forget() {
    this.#cancel?.();
    this.#cancel = null;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#counts.clear();
    this.#doubts.clear();
    this.#pause = GATHER;
  }

  /**
   * A room as the server describes it for the first time. One that does not say how much is unread
   * is from an older server, or from a client that is in doubt itself.
   *
   * @param {Room} room
   * @returns {number} how many are unread
   */
  begin(room) {
    this.#counts.set(room.id, new Count(room));
    if (room.unread !== undefined) return room.unread;
    this.doubt(room.id);
    return Math.max(0, room.number - room.read);
  }

  /** @param {string} room */
  drop(room) {
    this.#counts.delete(room);
    this.#doubts.delete(room);
  }

  /**
   * A message was sent, or has changed.
   *
   * @param {Room} room
   * @param {import("../../protocol.js").Message} message
   * @param {State | undefined} before what the feed held of it
   * @returns {number} by how many the unread ones change
   */
  applied(room, message, before) {
    const count = this.#counts.get(room.id);
    const { number, position } = message;
    if (!count || position <= count.position) return 0;
    const isWhole = (this.#host.feed(room.id)?.position ?? -1) >= count.position;
    const known = count.states.get(number) ?? this.#held(isWhole ? before : undefined);
    if (known && known.position >= position) return 0;
    const me = this.#host.me();
    const counts = isCounted(message, me);
    if (count.states.size < REMEMBERED) count.states.set(number, { counts, position });
    if (number <= room.read) return 0;
    const isKnown = known !== undefined || number > count.number || message.sender === me;
    if (!isKnown) {
      this.doubt(room.id);
      return 0;
    }
    return Number(counts) - Number(known?.counts ?? false);
  }

  /**
   * The mark moves on.
   *
   * @param {Room} room as it is before that
   * @param {number} read the new mark
   * @returns {number} how many are unread then
   */
  read(room, read) {
    const count = this.#counts.get(room.id);
    let { unread } = room;
    if (read >= room.number) unread = 0;
    else {
      const held = this.#window(room.id);
      for (let number = room.read + 1; number <= read; number++) {
        const state = count?.states.get(number) ?? this.#held(held(number));
        if (!state) {
          this.doubt(room.id);
          break;
        }
        unread -= Number(state.counts);
      }
    }
    for (const number of count?.states.keys() ?? [])
      if (number <= read) count?.states.delete(number);
    return Math.max(0, Math.min(unread, room.number - read));
  }

  /** Has the server count again. @param {string} room */
  doubt(room) {
    this.#doubts.add(room);
    this.#cancel ??= this.#host.setTimer(() => void this.#ask(), this.#pause);
  }

  async #ask() {
    const { signal } = this.#abort;
    const asked = [...this.#doubts].slice(0, 1_000);
    try {
      const { rooms } = await this.#host.ask(asked, signal);
      if (signal.aborted) return;
      for (const id of asked) this.#answered(id, rooms[id]);
    } catch {
      if (signal.aborted) return;
      for (const id of asked) this.#doubts.delete(id); // an older server, which cannot be asked
    }
    this.#cancel = null;
    this.#pause = this.#doubts.size > 0 ? Math.min(this.#pause * 2, LONGEST) : GATHER;
    if (this.#doubts.size > 0)
      this.#cancel = this.#host.setTimer(() => void this.#ask(), this.#pause);
  }

  /**
   * @param {string} id
   * @param {import("../../protocol.js").Unread | undefined} answer
   */
  #answered(id, answer) {
    const room = this.#host.room(id);
    const count = this.#counts.get(id);
    if (!room || !count || !answer) return void this.#doubts.delete(id);
    // It has to be about the messages, and the mark, that are known here; else it is asked again.
    const stands = this.#host.feed(id)?.position === answer.position && room.read === answer.read;
    const isAhead = [...count.states.values()].some(({ position }) => position > answer.position);
    if (!stands || isAhead) return;
    this.#counts.set(id, new Count(answer));
    this.#doubts.delete(id);
    this.#host.counted(room, answer.unread);
  }

  /** @param {State | undefined} message */
  #held(message) {
    return message && { counts: isCounted(message, this.#host.me()), position: message.position };
  }

  /**
   * What the feed of a room holds, by number, where it has come as far as the count.
   * @param {string} room
   * @returns {(number: number) => State | undefined}
   */
  #window(room) {
    const feed = this.#host.feed(room);
    const count = this.#counts.get(room);
    if (!feed || !count || (feed.position ?? -1) < count.position) return () => undefined;
    return (number) => feed.held(number);
  }
}
