import { fullJitter } from "./backoff.js";
import { ChatError } from "./errors.js";
import { OutboxStore } from "./outbox-store.js";

/** Errors that may be gone the next time. All others are the message's own fault. */
const MAY_HEAL = new Set(["network", "timeout", "rate_limited", "server_error"]);
/** A message that the server failed on this often is shown as failed. */
const SERVER_ERRORS_LIMIT = 6;
/** How long another tab has for its own messages before this one sends them, in milliseconds. */
const ADOPT_AFTER = 30_000;

/**
 * Messages on their way: kept in storage until the server acknowledges them, sent one after
 * the other in each room, and sent again after whatever went wrong. Sending one twice does no
 * harm, since the server knows it by its `client_id`: so several tabs may share a storage.
 */
export class Outbox {
  /** @type {Map<string, import("./types.js").Unsent>} by client_id, in the order of writing */
  #entries = new Map();
  /** @type {Map<string, {resolve: (reply: any) => void, reject: (error: ChatError) => void}>} */
  #waiting = new Map();
  /** @type {Map<string, string>} the client_id that each room waits for */
  #underway = new Map();
  /** @type {Set<string>} written by another tab, which sends them itself while it lives */
  #foreign = new Set();
  /** @type {Map<string, number>} */
  #serverErrors = new Map();
  #isOnline = false;
  #isResting = false;
  #failures = 0;
  #lastOrder = 0;
  #store;
  #transmit;
  #now;
  #random;
  #setTimer;
  #changed;

  /**
   * @param {{
   *   storage: import("./types.js").KeyStorage | null,
   *   transmit: (command: import("./types.js").AnyCommand) => Promise<any>,
   *   now: () => number,
   *   random: () => number,
   *   setTimer: import("./types.js").SetTimer,
   *   changed: (room: string) => void,
   * }} options `transmit` sends a command and resolves to its reply
   */
  constructor({ storage, transmit, now, random, setTimer, changed }) {
    this.#store = new OutboxStore(storage);
    this.#transmit = transmit;
    this.#now = now;
    this.#random = random;
    this.#setTimer = setTimer;
    this.#changed = changed;
  }

  /** All that is unsent, in the order of writing. */
  get entries() {
    return [...this.#entries.values()].sort((a, b) => a.order - b.order);
  }

  /** Finds what this person left unsent, now or before a reload. @param {string} userId */
  open(userId) {
    if (this.#store.userId && this.#store.userId !== userId) this.#entries.clear();
    this.#store.userId = userId;
    // What was written before it was known who writes.
    for (const entry of this.#entries.values()) this.#store.put(entry);
    for (const entry of this.#store.all()) this.#entries.set(entry.client_id, entry);
    this.#foreign.clear();
    for (const room of this.#rooms()) this.#changed(room);
  }

  /** The connection is there: everything is sent. */
  resume() {
    this.#isOnline = true;
    this.#pump();
  }

  pause() {
    this.#isOnline = false;
    this.#underway.clear();
  }

  /**
   * @param {Omit<import("./types.js").Unsent, "order" | "created_at" | "state" | "error">} draft
   */
  add(draft) {
    this.#lastOrder = Math.max(this.#lastOrder + 1, this.#now());
    const created_at = new Date(this.#now()).toISOString();
    this.#write({ ...draft, order: this.#lastOrder, created_at, state: "sending", error: null });
    this.#pump();
  }

  /**
   * Resolves to the reply when the message is stored.
   * @param {string} clientId
   * @returns {Promise<any>}
   */
  stored(clientId) {
    return new Promise((resolve, reject) => this.#waiting.set(clientId, { resolve, reject }));
  }

  /**
   * The server has this message: its reply came, or the message itself.
   * @param {import("./protocol.js").Message} message
   * @param {object} reply
   */
  acknowledge(message, reply) {
    this.#waiting.get(message.client_id)?.resolve(reply);
    this.#forget(message.client_id);
  }

  /** Sends a failed message again. @param {string} clientId */
  retry(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry?.state !== "failed") return;
    this.#serverErrors.delete(clientId);
    this.#write({ ...entry, state: "sending", error: null });
    this.#pump();
  }

  /** Gives up a message. It may have been stored all the same. @param {string} clientId */
  discard(clientId) {
    this.#waiting.get(clientId)?.reject(new ChatError("aborted", "The message was discarded."));
    this.#forget(clientId);
  }

  /** Another tab wrote to the storage. @param {string | null} key */
  reread(key) {
    if (!this.#store.owns(key)) return;
    const stored = new Map(this.#store.all().map((entry) => [entry.client_id, entry]));
    for (const entry of this.#entries.values()) {
      if (!stored.has(entry.client_id)) this.#forget(entry.client_id);
    }
    for (const [clientId, entry] of stored) {
      if (!this.#entries.has(clientId)) this.#watch(clientId);
      this.#entries.set(clientId, entry);
      this.#changed(entry.room);
    }
    this.#pump();
  }

  /** Sends another tab's message if that tab does not. @param {string} clientId */
  #watch(clientId) {
    this.#foreign.add(clientId);
    this.#setTimer(() => {
      if (this.#foreign.delete(clientId)) this.#pump();
    }, ADOPT_AFTER);
  }

  #pump() {
    if (!this.#isOnline || this.#isResting) return;
    for (const entry of this.entries) {
      if (entry.state !== "sending" || this.#underway.has(entry.room)) continue;
      if (!this.#foreign.has(entry.client_id)) void this.#send(entry);
    }
  }

  /** @param {import("./types.js").Unsent} entry */
  async #send({ room, client_id, body, attachments, reply_to, code }) {
    this.#underway.set(room, client_id);
    try {
      const reply = await this.#transmit({
        type: "message.send", room, client_id, body, reply_to,
        attachments: attachments.map(({ id }) => id),
        ...(code ? { code } : {}),
      });
      this.#failures = 0;
      this.acknowledge(reply.message, reply);
    } catch (error) {
      this.#failed(client_id, /** @type {ChatError} */ (error));
    }
    if (this.#underway.get(room) === client_id) this.#underway.delete(room);
    this.#pump();
  }

  /**
   * @param {string} clientId
   * @param {ChatError} error
   */
  #failed(clientId, error) {
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    if (error.code === "server_error") {
      this.#serverErrors.set(clientId, (this.#serverErrors.get(clientId) ?? 0) + 1);
    }
    const isHopeless = (this.#serverErrors.get(clientId) ?? 0) >= SERVER_ERRORS_LIMIT;
    if (MAY_HEAL.has(error.code) && !isHopeless) return this.#rest();
    // Discarded or acknowledged in another tab: writing it would bring it back.
    if (!this.#store.has(clientId)) return this.#forget(clientId);
    const { code = "bad_request", detail = String(error) } = error;
    this.#write({ ...entry, state: "failed", error: { code, detail } });
    this.#waiting.get(clientId)?.reject(error);
    this.#waiting.delete(clientId);
  }

  #rest() {
    if (!this.#isOnline || this.#isResting) return;
    this.#isResting = true;
    this.#setTimer(() => {
      this.#isResting = false;
      this.#pump();
    }, 500 + fullJitter(this.#failures++, this.#random));
  }

  #rooms() {
    return new Set([...this.#entries.values()].map(({ room }) => room));
  }

  /** @param {import("./types.js").Unsent} entry */
  #write(entry) {
    this.#entries.set(entry.client_id, entry);
    this.#store.put(entry);
    this.#changed(entry.room);
  }

  /** @param {string} clientId */
  #forget(clientId) {
    this.#waiting.delete(clientId);
    this.#foreign.delete(clientId);
    this.#serverErrors.delete(clientId);
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    this.#entries.delete(clientId);
    this.#store.remove(clientId);
    this.#changed(entry.room);
  }
}
