import { deferred } from "./deferred.js";
import { ChatError } from "./errors.js";
import { OutboxStore } from "./outbox-store.js";
import { passes } from "./patience.js";

/**
 * A message that the server has failed on for this long is shown as failed, in milliseconds: no
 * outage takes a day, and then it is this message that the server cannot take.
 */
const SERVER_ERRORS_LIMIT = 24 * 60 * 60_000;
/** Between two failures no more than this counts, in milliseconds: one may have been away. */
const BETWEEN_ERRORS = 60_000;
/** How long another tab has for its own messages before this one sends them, in milliseconds. */
const ADOPT_AFTER = 30_000;
/** How long a message that another tab sent may take to come here, in milliseconds. */
const ARRIVES_WITHIN = 30_000;

/**
 * Messages on their way: kept in storage until the server acknowledges them, sent one after
 * the other in each room, and sent again after whatever passes; a room's later messages wait
 * behind the first. What the server refuses for good is failed, and lets them go. Sending one
 * twice does no harm, since the server knows it by its `client_id`: so several tabs may share a
 * storage.
 */
export class Outbox {
  /** @type {Map<string, import("./types.js").Unsent>} by client_id, in the order of writing */
  #entries = new Map();
  /**
   * Who waits for a message to be stored, by client_id.
   * @type {Map<string, {promise: Promise<any>, resolve: (reply: any) => void, reject: (error: ChatError) => void}>}
   */
  #waiting = new Map();
  /** @type {Map<string, {clientId: string, abort: AbortController}>} what each room waits for */
  #underway = new Map();
  /** @type {Set<string>} written by another tab, which sends them itself while it lives */
  #foreign = new Set();
  /** @type {Map<string, {last: number, total: number}>} for how long the server fails on a message */
  #failing = new Map();
  /** @type {Map<string, () => void>} taken by another tab; and what ends the wait for each */
  #taken = new Map();
  #isOnline = false;
  #lastOrder = 0;
  #store;
  #transmit;
  #patience;
  #now;
  #setTimer;
  #changed;

  /**
   * @param {{
   *   storage: import("./types.js").KeyStorage | null,
   *   transmit: (command: import("./types.js").AnyCommand) => Promise<any>,
   *   patience: import("./patience.js").Patience,
   *   now: () => number,
   *   setTimer: import("./types.js").SetTimer,
   *   changed: (room: string) => void,
   * }} options `transmit` sends a command and resolves to its reply
   */
  constructor({ storage, transmit, patience, now, setTimer, changed }) {
    this.#store = new OutboxStore(storage);
    this.#transmit = transmit;
    this.#patience = patience;
    this.#now = now;
    this.#setTimer = setTimer;
    this.#changed = changed;
  }

  /** All that is unsent, in the order of writing. */
  get entries() {
    return [...this.#entries.values()].sort((a, b) => a.order - b.order);
  }

  /** Finds what this person left unsent, now or before a reload. @param {string} userId */
  open(userId) {
    if (this.#store.userId && this.#store.userId !== userId) this.#abandon();
    this.#store.userId = userId;
    this.#dropTaken();
    // Also what was written before it was known who writes.
    this.#store.putRest();
    for (const entry of this.#store.all()) this.#entries.set(entry.client_id, entry);
    this.#foreign.clear();
    for (const room of this.#rooms()) this.#changed(room);
  }

  /** The connection is there: everything is sent. */
  resume() {
    this.#isOnline = true;
    for (const clientId of [...this.#taken.keys()]) this.#expect(clientId);
    this.#pump();
  }

  pause() {
    this.#isOnline = false;
    for (const stop of this.#taken.values()) stop();
    for (const { abort } of this.#underway.values()) abort.abort();
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
   * @returns {Promise<any>} rejects with what the server refused it for; `aborted` when it was
   *   discarded
   */
  stored(clientId) {
    const waiting = this.#waiting.get(clientId) ?? deferred();
    this.#waiting.set(clientId, waiting);
    return waiting.promise;
  }

  /**
   * The server has this message: its reply came, or the message itself.
   * @param {import("./protocol.js").Message} message
   * @param {object} reply
   */
  acknowledge(message, reply) {
    this.#waiting.get(message.client_id)?.resolve(reply);
    this.#settled(message.client_id);
    this.#forget(message.client_id);
  }

  /** Sends a failed message again. @param {string} clientId */
  retry(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry?.state !== "failed") return;
    this.#failing.delete(clientId);
    this.#write({ ...entry, state: "sending", error: null });
    this.#pump();
  }

  /** Gives up a message. It may have been stored all the same. @param {string} clientId */
  discard(clientId) {
    this.#reject(clientId, new ChatError("aborted", "The message was discarded."));
    this.#forget(clientId);
  }

  /** Another tab wrote to the storage. @param {string | null} key */
  reread(key) {
    if (!this.#store.owns(key)) return;
    this.#dropTaken();
    for (const entry of this.#store.all()) {
      if (!this.#entries.has(entry.client_id)) this.#watch(entry.client_id);
      this.#entries.set(entry.client_id, entry);
      this.#changed(entry.room);
    }
    this.#store.putRest();
    this.#pump();
  }

  /** Lets go of what another tab has sent or discarded. */
  #dropTaken() {
    for (const clientId of [...this.#entries.keys()]) {
      if (!this.#store.has(clientId)) this.#takenElsewhere(clientId);
    }
  }

  /** Sends another tab's message if that tab does not. @param {string} clientId */
  #watch(clientId) {
    this.#foreign.add(clientId);
    this.#setTimer(() => {
      if (this.#foreign.delete(clientId)) this.#pump();
    }, ADOPT_AFTER);
  }

  /**
   * Another tab had this message acknowledged, and then it comes here as well; or discarded it.
   * @param {string} clientId
   */
  #takenElsewhere(clientId) {
    this.#forget(clientId);
    if (this.#waiting.has(clientId)) this.#expect(clientId);
  }

  /** Nothing comes here without a connection: that time does not count. @param {string} clientId */
  #expect(clientId) {
    this.#taken.get(clientId)?.();
    const giveUp = () => {
      this.#taken.delete(clientId);
      if (this.#entries.has(clientId)) return; // it is being sent again
      this.#reject(clientId, new ChatError("aborted", "Another tab sent or discarded this message."));
    };
    this.#taken.set(clientId, this.#isOnline ? this.#setTimer(giveUp, ARRIVES_WITHIN) : () => {});
  }

  #pump() {
    if (!this.#isOnline) return;
    for (const entry of this.entries) {
      if (entry.state !== "sending" || this.#underway.has(entry.room)) continue;
      if (!this.#foreign.has(entry.client_id)) void this.#send(entry);
    }
  }

  /** @param {import("./types.js").Unsent} entry */
  async #send(entry) {
    const { room, client_id, body, attachments, reply_to, code } = entry;
    const abort = new AbortController();
    this.#underway.set(room, { clientId: client_id, abort });
    const transmit = () =>
      this.#transmit({
        type: "message.send", room, client_id, body, reply_to,
        attachments: attachments.map(({ id }) => id),
        ...(code ? { code } : {}),
      });
    try {
      const reply = await this.#patience.keep(transmit, {
        signal: abort.signal,
        mayPass: (error) => this.#mayPass(client_id, error),
        onWait: (error) => this.#refused(entry, "sending", error),
      });
      this.acknowledge(reply.message, reply);
    } catch (error) {
      if (!abort.signal.aborted) this.#refused(entry, "failed", /** @type {ChatError} */ (error));
    }
    if (this.#underway.get(room)?.abort === abort) this.#underway.delete(room);
    this.#pump();
  }

  /**
   * @param {string} clientId
   * @param {unknown} error
   */
  #mayPass(clientId, error) {
    if (/** @type {ChatError} */ (error).code !== "server_error") return passes(error);
    const now = this.#now();
    const { last, total } = this.#failing.get(clientId) ?? { last: now, total: 0 };
    const failing = { last: now, total: total + Math.min(now - last, BETWEEN_ERRORS) };
    this.#failing.set(clientId, failing);
    return failing.total < SERVER_ERRORS_LIMIT;
  }

  /**
   * @param {import("./types.js").Unsent} sent as it was when it was refused
   * @param {"sending" | "failed"} state `sending`: it is tried again
   * @param {ChatError} error
   */
  #refused({ client_id: clientId, reply_to: repliedTo }, state, error) {
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    // Discarded or acknowledged in another tab: writing it would bring it back.
    if (!this.#store.has(clientId)) return this.#takenElsewhere(clientId);
    if (error.code === "not_found" && repliedTo) {
      if (!entry.reply_to) return; // another tab has noticed it, too
      // What it replies to was lost, as by a restore. The words still count, and are sent again.
      const { reply_to, quote } = entry;
      return this.#write({ ...entry, reply_to: null, quote: null, unquoted: { reply_to, quote } });
    }
    const { code = "bad_request", detail = String(error) } = error;
    // Of a lost connection the client's state tells.
    const isKnown = entry.error?.code === code && entry.error.detail === detail;
    if (state === "sending" && (isKnown || code === "network")) return;
    // Where it is refused all the same, something else is missing, and it stays a reply.
    const { unquoted = null, ...rest } = entry;
    const told = state === "failed" ? { ...rest, ...unquoted } : entry;
    this.#write({ ...told, state, error: { code, detail } });
    if (state === "failed") this.#reject(clientId, error);
  }

  /** Somebody else signs in: they send nothing of this person's, who finds it again. */
  #abandon() {
    const error = new ChatError("aborted", "Somebody else has signed in.");
    for (const clientId of [...this.#waiting.keys()]) this.#reject(clientId, error);
    this.#entries.clear();
    this.#store.clear();
  }

  /**
   * @param {string} clientId
   * @param {ChatError} error
   */
  #reject(clientId, error) {
    this.#waiting.get(clientId)?.reject(error);
    this.#settled(clientId);
  }

  /** Nobody waits for it any more. @param {string} clientId */
  #settled(clientId) {
    this.#waiting.delete(clientId);
    this.#taken.get(clientId)?.();
    this.#taken.delete(clientId);
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
    this.#foreign.delete(clientId);
    this.#failing.delete(clientId);
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    this.#entries.delete(clientId);
    this.#store.remove(clientId);
    // Its room goes on at once, also where it was to be tried again later.
    const underway = this.#underway.get(entry.room);
    if (underway?.clientId === clientId) underway.abort.abort();
    this.#changed(entry.room);
  }
}
