import { deferred } from "./deferred.js";
import { FailingTime } from "./durations.js";
import { ChatError, FILES_LOST, filesLost } from "./errors.js";
import { OutboxStore } from "./outbox-store.js";
import { passes } from "./patience.js";

/**
 * A message that the server has failed on for this long is shown as failed, in milliseconds: no
 * outage takes a day, and then it is this message that the server cannot take.
 */
const SERVER_ERRORS_LIMIT = 24 * 60 * 60_000;
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
  /** @type {Map<string, FailingTime>} for how long the server fails on a message */
  #failing = new Map();
  /** @type {Map<string, () => void>} taken by another tab; and what ends the wait for each */
  #taken = new Map();
  #isOnline = false;
  #lastOrder = 0;
  #store;
  #files;
  #isMember;
  #transmit;
  #patience;
  #now;
  #monotonic;
  #setTimer;
  #changed;

  /**
   * @param {{
   *   storage: import("./types.js").KeyStorage | null,
   *   files: import("./outbox-files.js").OutboxFiles,
   *   isMember: (room: string) => boolean,
   *   transmit: (command: import("./types.js").AnyCommand) => Promise<any>,
   *   patience: import("./patience.js").Patience,
   *   now: () => number,
   *   monotonic: () => number,
   *   setTimer: import("./types.js").SetTimer,
   *   changed: (room: string) => void,
   * }} options `transmit` sends a command and resolves to its reply
   */
  constructor({ storage, files, isMember, transmit, patience, now, monotonic, setTimer, changed }) {
    this.#store = new OutboxStore(storage);
    this.#files = files;
    this.#isMember = isMember;
    this.#transmit = transmit;
    this.#patience = patience;
    this.#now = now;
    this.#monotonic = monotonic;
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
    this.#files.hold(draft);
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
    this.#files.retry(clientId);
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
      // Its files are on their way from here, which the other tab cannot know.
      if (this.#files.isRenewing(entry.client_id)) continue;
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
      if (!this.#isDue(entry) || this.#underway.has(entry.room)) continue;
      if (!this.#foreign.has(entry.client_id)) void this.#send(entry);
    }
  }

  /** Also where it failed in another tab for want of files that this one has. @param {import("./types.js").Unsent} entry */
  #isDue(entry) {
    return entry.state === "sending" || (entry.error?.code === FILES_LOST && this.#files.canRenew(entry));
  }

  /** @param {import("./types.js").Unsent} entry */
  async #send(entry) {
    const { room, client_id, body, reply_to, code } = entry;
    const abort = new AbortController();
    this.#underway.set(room, { clientId: client_id, abort });
    const transmit = () =>
      this.#transmit({
        type: "message.send", room, client_id, body, reply_to,
        attachments: idsOf(entry),
        ...(code ? { code } : {}),
      });
    try {
      const reply = await this.#patience.keep(transmit, {
        signal: abort.signal,
        mayPass: (error) => this.#mayPass(client_id, error),
        onWait: (error) => this.#waits(client_id, error),
      });
      this.acknowledge(reply.message, reply);
    } catch (error) {
      if (!abort.signal.aborted) await this.#refused(entry, /** @type {ChatError} */ (error), abort.signal);
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
    const failing = this.#failing.get(clientId) ?? new FailingTime(this.#monotonic);
    this.#failing.set(clientId, failing);
    return failing.failed() < SERVER_ERRORS_LIMIT;
  }

  /**
   * A message as it is now, unless it was discarded or acknowledged: writing it would bring it back.
   * @param {string} clientId
   */
  #current(clientId) {
    const entry = this.#entries.get(clientId);
    if (!entry || this.#store.has(clientId)) return entry;
    this.#takenElsewhere(clientId);
  }

  /**
   * It is tried again.
   * @param {string} clientId
   * @param {ChatError} error
   */
  #waits(clientId, error) {
    const entry = this.#current(clientId);
    const { code, detail } = told(error);
    const isKnown = entry?.error?.code === code && entry.error.detail === detail;
    // Of a lost connection the client's state tells.
    if (entry && !isKnown && code !== "network") this.#write({ ...entry, state: "sending", error: { code, detail } });
  }

  /**
   * The server will not take a message as it is. It is sent without what it replies to, or with its
   * files uploaded again, where a restore may have lost them; else it has failed.
   *
   * @param {import("./types.js").Unsent} sent as it was when it was refused
   * @param {ChatError} error
   * @param {AbortSignal} signal
   */
  async #refused(sent, error, signal) {
    const entry = this.#current(sent.client_id);
    if (!entry) return;
    if (error.code === "not_found" && sent.reply_to) {
      if (!entry.reply_to) return; // another tab has noticed it, too
      // What it replies to was lost, as by a restore. The words still count, and are sent again.
      const { reply_to, quote } = entry;
      return this.#write({ ...entry, reply_to: null, quote: null, unquoted: { reply_to, quote } });
    }
    // Another tab has uploaded its files again: it is sent with those.
    if (String(idsOf(sent)) !== String(idsOf(entry))) return;
    const lost = error.code === "not_found" && this.#isMember(entry.room) ? this.#files.doubtful(entry) : [];
    if (lost.length === 0) return this.#fail(entry, error);
    if (!this.#files.canRenew(entry)) return this.#fail(entry, error, filesLost(lost.length));
    await this.#renew(entry, filesLost(lost.length), signal);
  }

  /**
   * Uploads files again, so that the message is sent with them next.
   *
   * @param {import("./types.js").Unsent} entry
   * @param {ChatError} reason
   * @param {AbortSignal} signal
   */
  async #renew(entry, reason, signal) {
    const whole = quotedAgain(entry);
    this.#write({ ...whole, state: "sending", error: told(reason) });
    try {
      const attachments = await this.#files.renew(entry, signal);
      if (this.#current(entry.client_id)) this.#write({ ...whole, attachments, state: "sending", error: null });
    } catch (error) {
      if (!signal.aborted) this.#fail(whole, /** @type {ChatError} */ (error));
    }
  }

  /**
   * @param {import("./types.js").Unsent} entry
   * @param {ChatError} error what the server said, for the program that waits
   * @param {ChatError} reason what is shown
   */
  #fail(entry, error, reason = error) {
    if (!this.#current(entry.client_id)) return;
    // Where it is refused without what it replies to, something else is missing, and it stays a reply.
    this.#write({ ...quotedAgain(entry), state: "failed", error: told(reason) });
    this.#reject(entry.client_id, error);
  }

  /** Somebody else signs in: they send nothing of this person's, who finds it again. */
  #abandon() {
    const error = new ChatError("aborted", "Somebody else has signed in.");
    for (const clientId of [...this.#waiting.keys()]) this.#reject(clientId, error);
    this.#entries.clear();
    this.#files.clear();
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
    this.#files.release(clientId);
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

/** What is kept of an error. @param {ChatError} error */
function told(error) {
  const { code = "bad_request", detail = String(error) } = error;
  return { code, detail };
}

/** @param {import("./types.js").Unsent} entry */
const idsOf = ({ attachments }) => attachments.map(({ id }) => id);

/** With what it replies to, where it was tried without. @param {import("./types.js").Unsent} entry */
const quotedAgain = ({ unquoted, ...rest }) => ({ ...rest, ...unquoted });
