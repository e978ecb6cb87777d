import { BY_NUMBER } from "./feed-window.js";
import { PagedWindow } from "./paged-window.js";
import { TOLD_OF_ABSENCE, Told } from "./told.js";

/** Live events kept while a gap is being filled. More than these are fetched again instead. */
const EARLY_LIMIT = 500;
/** A room in which nothing is held catches up only if it missed no more than this. */
const CATCH_UP = 200;

/**
 * One room as this client holds it: a window of its messages without gaps, and where it stands
 * in the room's log.
 *
 * The server's rules that this rests on (docs/protocol.md): every change of a room has the
 * next `position`; a message keeps its `number`; a message's state with a higher position is
 * newer. So a state that is older than the one held can always be dropped, whichever way it
 * came, and an event that does not follow means that something was missed.
 */
export class Feed {
  /** @type {string} the room's id */
  room;
  /** The last position applied; null while the room is not one of ours. */
  position;
  /** The highest number seen. */
  number;
  #window;
  #told;
  /** @type {Map<number, import("../../protocol.js").Message>} live events after a gap, by position */
  #early = new Map();
  /** The highest position that the server spoke of. */
  #head = 0;
  #hasMore = false;
  /** @type {import("./types.js").FeedMessage[] | null} */
  #list = null;
  #host;

  /**
   * @param {string} room
   * @param {import("./types.js").FeedHost} host
   */
  constructor(room, host) {
    this.room = room;
    this.#host = host;
    this.#window = new PagedWindow(
      {
        ...BY_NUMBER,
        history: (page, options) => host.history(page, options),
        newest: () => host.state()?.number ?? Infinity,
      },
      {
        changed: () => this.changed(),
        came: (messages) => messages.forEach((message) => host.applied(message, false)),
        replaced: (end) => (this.number = Math.max(this.number, end)),
      },
    );
    const state = host.state();
    this.position = state?.position ?? null;
    this.number = state?.number ?? 0;
    this.#told = new Told(this.number);
  }

  // -- What is shown --------------------------------------------------------------------------

  /**
   * Oldest first; what is unsent comes last, unless the window ends before the newest message.
   * The same array until something changes.
   */
  get messages() {
    this.#list ??= this.hasNewer ? this.#window.messages : this.#withUnsent();
    return this.#list;
  }

  #withUnsent() {
    const { messages } = this.#window;
    /** @param {import("./types.js").FeedMessage} one */
    const isHere = ({ client_id, sender }) =>
      messages.some((other) => other.client_id === client_id && other.sender === sender);
    // What another tab writes may come from the server before the storage tells of it.
    return [...messages, ...this.#host.unsent().filter((one) => !isHere(one))];
  }

  /** False until the first page is there. */
  get loaded() {
    return this.#window.loaded;
  }

  get hasOlder() {
    return this.#window.hasOlder;
  }

  /** Whether the window ends before the newest message, as after a jump. */
  get hasNewer() {
    return this.#window.hasNewer;
  }

  /** The message with this number, where it is held. @param {number} number */
  held(number) {
    return this.#window.held(number);
  }

  /** Something that is shown has changed: here, or in the outbox. */
  changed() {
    this.#list = null;
    this.#host.changed();
  }

  /** @returns {"older" | "newer" | "jump" | null} what is being loaded */
  get loading() {
    return this.#window.loading;
  }

  /** Why the page has not come yet that is being loaded, or why the last one will not come. */
  get error() {
    return this.#window.error;
  }

  // -- Pages ----------------------------------------------------------------------------------

  /** Loads the newest page, unless something is held already. */
  async open() {
    await this.#window.open();
  }

  async loadOlder() {
    await this.#window.loadOlder();
  }

  async loadNewer() {
    await this.#window.loadNewer();
  }

  /**
   * Shows the messages around this one, unless it is held.
   * @param {number} number
   * @returns {Promise<boolean>} whether it is there then
   */
  async jumpTo(number) {
    return this.#window.jumpTo(number);
  }

  async jumpToLatest() {
    await this.#window.jumpToLatest();
  }

  /**
   * Drops messages from one end, so that at most `keep` stay in memory.
   * @param {"older" | "newer"} end
   * @param {number} keep
   */
  trim(end, keep) {
    this.#window.trim(end, keep);
  }

  // -- The log --------------------------------------------------------------------------------

  /** Whether something is known to be missing. */
  get isBehind() {
    if (this.position === null) return false;
    return this.#hasMore || this.#early.size > 0 || this.position < this.#head;
  }

  /** @param {import("./types.js").FeedEvent} event `message` or `changes` */
  apply(event) {
    if (this.position === null) return;
    if (event.type === "changes") this.#applyChanges(event);
    else if (event.position > this.position) {
      this.#early.set(event.position, event.message);
      this.#advance();
      if (this.#early.size > EARLY_LIMIT) this.#dropEarly();
      if (this.isBehind) this.#host.missed();
    }
  }

  /**
   * The state of a message from the reply to a command. What others did just before may still
   * be on its way, so a reply shows its message at once, but is no reason to see a gap.
   *
   * @param {number} position
   * @param {import("../../protocol.js").Message} message
   */
  settle(position, message) {
    this.#take(message);
    if (this.position !== null && position > this.position) this.#early.set(position, message);
    this.#advance();
    this.changed();
  }

  /** The server says where the room's log ends. @param {number} position */
  noteHead(position) {
    this.#head = Math.max(this.#head, position);
    if (this.isBehind) this.#host.missed();
  }

  /** A new connection greeted us with this state of the room; asks for what was missed. */
  resume() {
    const state = this.#host.state();
    if (!state) return;
    this.#early.clear();
    this.#hasMore = false;
    const held = this.loaded || this.loading !== null;
    const missed = this.position === null ? Infinity : state.position - this.position;
    if (this.position === null && held) return this.#startOver(state.position);
    if (!held && missed > (this.#host.isTold() ? TOLD_OF_ABSENCE : CATCH_UP)) this.#skip(state);
    this.#head = state.position;
    // Further than the server, too: it lost something, and says so with a reset.
    if (this.position !== state.position) this.#host.missed();
  }

  /**
   * The person has come into the room. What they have not read is told; the first messages of a
   * direct room also call them, as it comes with these.
   */
  enter() {
    const state = this.#host.state();
    const isTold = this.#host.isTold();
    if (state && !this.loaded && state.read < state.number && (isTold || state.kind === "direct")) {
      if (state.kind === "direct") this.number = state.read;
      this.#told = new Told(state.read, state.position);
      this.position = Math.max(0, state.position - (isTold ? TOLD_OF_ABSENCE : CATCH_UP));
    }
    this.resume();
  }

  /** Leaves out what is too much to catch up with. @param {import("../../protocol.js").Room} state */
  #skip({ position, number }) {
    const { number: after, position: before } = this;
    const isTold = before !== null && this.#host.isTold();
    this.position = isTold ? position - TOLD_OF_ABSENCE : position;
    this.number = number;
    if (!isTold) this.#told = new Told(number);
    if (before !== null) this.#host.skipped(after);
  }

  /**
   * A `sync` is answered.
   * @param {{stands: boolean}} result `stands`: it moved nothing
   * @returns {boolean} whether another is needed
   */
  finishSync({ stands }) {
    if (stands) {
      this.#head = this.position ?? 0;
      this.#hasMore = false;
      this.#early.clear();
    }
    if (!this.isBehind) this.#told.complete();
    return this.isBehind;
  }

  /** @param {import("../../protocol.js").ChangesEvent} event */
  #applyChanges(event) {
    if (event.reset) return this.#startOver(event.position);
    const byNumber = [...event.messages].sort((a, b) => a.number - b.number);
    for (const message of byNumber) {
      if (message.position > (this.position ?? 0)) this.#tell(message);
      this.#take(message);
    }
    this.position = Math.max(this.position ?? 0, event.position);
    this.#hasMore = event.more;
    this.#advance();
    this.changed();
    if (this.isBehind) this.#host.missed();
  }

  /**
   * The server's history is another one than before: its numbers and positions mean other
   * messages, so nothing that is held counts.
   */
  forget() {
    const state = this.#host.state();
    if (!state) return;
    this.number = state.number;
    this.#told = new Told(state.number);
    if (this.#drop(state.position)) this.open().catch(() => {});
  }

  /** Drops all that is held, stands at this position and pages again. @param {number} position */
  #startOver(position) {
    this.#told = new Told(this.#host.state()?.number ?? 0);
    this.#host.skipped(this.number);
    // Where either is refused, the error says so, and whoever shows the room opens it again.
    if (this.#drop(position)) this.open().catch(() => {});
    else this.#count().catch(() => {});
  }

  /**
   * Drops all that is held and stands at this position.
   * @param {number} position
   * @returns {boolean} whether the room's messages were wanted
   */
  #drop(position) {
    const held = this.loaded || this.loading !== null;
    this.#window.clear();
    this.#early.clear();
    this.#hasMore = false;
    this.#head = position;
    this.position = position;
    this.changed();
    return held;
  }

  /** Learns how many messages there are, for the unread ones. */
  async #count() {
    const { messages } = await this.#host.history({ limit: 1 });
    for (const message of messages) this.#host.applied(message, false);
  }

  /** Takes the live events that follow now. */
  #advance() {
    let position = this.position ?? 0;
    for (const early of this.#early.keys()) if (early <= position) this.#early.delete(early);
    for (let next; (next = this.#early.get(position + 1));) {
      this.#early.delete(++position);
      this.position = position;
      this.#tell(next);
      this.#take(next);
    }
  }

  // Only in the log's order: a reply may bring one's own message before others that precede it.
  /** @param {import("../../protocol.js").Message} message */
  #tell(message) {
    const change = this.#told.take(message);
    if (change) this.#host.told(message, change);
  }

  #dropEarly() {
    this.#head = Math.max(this.#head, ...this.#early.keys());
    this.#early.clear();
  }

  /** @param {import("../../protocol.js").Message} message */
  #take(message) {
    const isNew = message.number > this.number;
    if (isNew) this.number = message.number;
    const before = this.held(message.number);
    this.#window.take(message);
    this.#host.applied(message, isNew, before);
  }
}
