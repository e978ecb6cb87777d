import { Acknowledgements } from "./acknowledgements.js";
import { ChatError, FILES_LOST } from "../lib/errors.js";
import { OtherTabs } from "./other-tabs.js";
import { idsOf } from "./message-fields.js";
import { inOrder, isUploading, quotedAgain, told } from "./outbox-entry.js";
import { OutboxStore } from "./outbox-store.js";
import { afterRefusal } from "./refusals.js";
import { RoomSends } from "./room-sends.js";
import { ServerErrors } from "./server-errors.js";

/**
 * Messages on their way: kept in storage until the server acknowledges them, sent one after
 * the other in each room, and sent again after whatever passes; a room's later messages wait
 * behind the first. What the server refuses for good is failed, and lets them go.
 *
 * Several tabs may share a storage, and each keeps to the order of all that is in it. A tab sends
 * what it wrote; what is first in a room and was written in another tab it leaves to that tab for
 * some seconds, and then sends it as well. That does no harm, since the server knows a message by
 * its `client_id`.
 */
export class Outbox {
  /** @type {Map<string, import("./types.js").Unsent>} by client_id, in the order of writing */
  #entries = new Map();
  #acknowledgements = new Acknowledgements();
  #sends;
  #isOnline = false;
  #lastOrder = 0;
  #store;
  #otherTabs;
  #serverErrors;
  #files;
  #isMember;
  #now;
  #changed;
  #leftOut;

  /**
   * @param {{
   *   storage: import("./types.js").KeyStorage | null,
   *   files: import("./outbox-files.js").OutboxFiles,
   *   isMember: (room: string) => boolean,
   *   isCurrent: (room: string) => boolean,
   *   transmit: (command: import("../lib/commands.js").AnyCommand) => Promise<any>,
   *   retries: import("../retry/retries.js").Retries,
   *   now: () => number,
   *   monotonic: () => number,
   *   setTimer: import("../lib/types.js").SetTimer,
   *   changed: (room: string) => void,
   *   leftOut: (room: string, upload: import("../uploads/file-upload.js").FileUpload) => void,
   * }} options `leftOut`: a message goes without a file that the server does not keep; `isCurrent`: whether this client has all that the server says of a room;
   *   `transmit` sends a command and resolves to its reply
   */
  constructor({
    storage,
    files,
    isMember,
    isCurrent,
    transmit,
    retries,
    now,
    monotonic,
    setTimer,
    changed,
    leftOut,
  }) {
    this.#store = new OutboxStore(storage);
    this.#otherTabs = new OtherTabs({
      setTimer,
      isCurrent,
      due: () => this.#pump(),
      missing: (entry) => this.#missing(entry),
    });
    this.#serverErrors = new ServerErrors(monotonic);
    this.#files = files;
    files.moved = (clientId) => this.#fileMoved(clientId);
    this.#isMember = isMember;
    this.#sends = new RoomSends({
      transmit,
      retries,
      mayPass: (clientId, error) => this.#serverErrors.mayPass(clientId, error),
      waits: (clientId, error) => this.#waits(clientId, error),
      stored: (reply) => this.acknowledge(reply.message, reply),
      refused: (entry, error, signal) => this.#refused(entry, error, signal),
      ended: () => this.#pump(),
    });
    this.#now = now;
    this.#changed = changed;
    this.#leftOut = leftOut;
  }

  /** All that is unsent, in the order of writing. */
  get entries() {
    return inOrder([...this.#entries.values()]);
  }

  /**
   * The same as feeds show them, with those that another tab has sent and that have not come yet.
   * @returns {import("./types.js").ShownUnsent[]}
   */
  get shown() {
    const own = [...this.#entries.values()].map((entry) => {
      const { client_id } = entry;
      const unstored = this.#store.isUnstored(client_id);
      return { ...entry, elsewhere: false, unstored, uploads: this.#files.uploadsOf(client_id) };
    });
    return inOrder([...own, ...this.#otherTabs.taken]);
  }

  /** Whether something unsent would be lost with this page: there was no room to store it. */
  get hasUnstored() {
    return this.#store.hasUnstored;
  }

  /** Finds what this person left unsent, now or before a reload. @param {string} userId */
  open(userId) {
    if (this.#store.userId && this.#store.userId !== userId) this.#abandon();
    this.#store.userId = userId;
    this.#dropTaken();
    // Also what was written before it was known who writes.
    this.#store.putRest();
    for (const entry of this.#store.all()) this.#hold(entry);
    this.#otherTabs.leaveNothing();
    for (const { room } of this.#entries.values()) this.#changed(room);
  }

  /** The connection is there: everything is sent. */
  resume() {
    this.#isOnline = true;
    this.#otherTabs.resume();
    this.#pump();
  }

  pause() {
    this.#isOnline = false;
    this.#otherTabs.pause();
    this.#sends.abortAll();
  }

  /**
   * @param {Omit<import("./types.js").Unsent, "order" | "created_at" | "state" | "error">} draft
   * @param {import("../uploads/file-upload.js").FileUpload[]} [uploads] those of its files that it waits for
   */
  add(draft, uploads = []) {
    this.#lastOrder = Math.max(this.#lastOrder + 1, this.#now());
    const created_at = new Date(this.#now()).toISOString();
    this.#files.hold(draft);
    this.#files.follow(draft.client_id, uploads);
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
    return this.#acknowledgements.of(clientId);
  }

  /**
   * The server has this message: its reply came, or the message itself.
   * @param {import("../../protocol.js").Message} message
   * @param {object} [reply]
   */
  acknowledge(message, reply = { message, position: message.position }) {
    this.#acknowledgements.resolve(message.client_id, reply);
    this.#forget(message.client_id);
  }

  /** Sends a failed message again. @param {string} clientId */
  retry(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry?.state !== "failed") return;
    this.#serverErrors.forget(clientId);
    this.#files.retry(clientId);
    this.#write({ ...entry, state: "sending", error: null });
    this.#fileMoved(clientId);
    this.#pump();
  }

  /**
   * Takes a message back to be written again: it is discarded, and its files are not, except those
   * that nobody has any more.
   * @param {string} clientId
   * @returns {{attachments: import("../../protocol.js").Attachment[], uploads: import("../uploads/file-upload.js").FileUpload[]}}
   */
  takeBack(clientId) {
    const { attachments = [], uploading = [], error } = this.#entries.get(clientId) ?? {};
    const uploads = this.#files
      .takeBack(clientId)
      .filter((upload) => upload.error?.code !== FILES_LOST);
    this.discard(clientId);
    const areLost = error?.code === FILES_LOST && uploading.length === 0;
    return {
      attachments: areLost ? [] : attachments.filter(({ id }) => !uploading.includes(id)),
      uploads,
    };
  }

  /** Gives up a message. It may have been stored all the same. @param {string} clientId */
  discard(clientId) {
    this.#store.markDiscarded(clientId);
    this.#discarded(clientId);
  }

  /** @param {string} clientId */
  #discarded(clientId) {
    this.#acknowledgements.reject(clientId, new ChatError("aborted", "The message was discarded."));
    this.#forget(clientId);
  }

  /** Another tab wrote to the storage. @param {import("./types.js").StorageChange} change */
  reread(change) {
    if (!this.#store.owns(change.key)) return;
    const discarded = this.#store.discardedBy(change);
    if (discarded) this.#discarded(discarded);
    this.#dropTaken();
    for (const entry of this.#store.all()) {
      const { client_id } = entry;
      const known = this.#entries.get(client_id);
      // Its files are on their way from here, which the other tab cannot know.
      if (this.#files.isRenewing(client_id)) continue;
      const uploads = isUploading(entry) && !isUploading(known) && !this.#files.canRenew(entry);
      if (uploads || !known) this.#otherTabs.leave(client_id, { uploads });
      this.#hold(entry);
      this.#changed(entry.room);
    }
    for (const { room } of this.#store.putRest()) this.#changed(room);
    this.#pump();
  }

  /** Lets go of what another tab has sent or discarded. */
  #dropTaken() {
    for (const entry of [...this.#entries.values()]) {
      if (!this.#store.has(entry.client_id)) this.#takenElsewhere(entry);
    }
  }

  /** @param {import("./types.js").Unsent} entry */
  #takenElsewhere(entry) {
    this.#forget(entry.client_id);
    this.#otherTabs.took(entry);
    this.#changed(entry.room);
  }

  /** What another tab took has not come. @param {import("./types.js").Unsent} entry */
  #missing({ client_id, room }) {
    this.#acknowledgements.reject(
      client_id,
      new ChatError("aborted", "Another tab sent or discarded this message."),
    );
    this.#changed(room);
  }

  /** Sends what is first in each room. The later ones wait, whichever tab wrote them. */
  #pump() {
    if (!this.#isOnline) return;
    const rooms = new Set();
    for (const entry of this.entries) {
      const { room, client_id } = entry;
      if (!this.#isDue(entry) || rooms.has(room)) continue;
      const isLeft = this.#otherTabs.isLeft(client_id);
      // What another program uploads, and no other can, holds up nobody for longer.
      if (entry.uploading && !isLeft && !this.#files.goOn(entry)) continue;
      rooms.add(room);
      const underway = this.#sends.underway(room);
      // An earlier one has come, from another tab or by a retry. When this has ended, that is sent.
      if (underway && underway !== client_id) this.#sends.abort(room);
      if (!underway && !isLeft && !entry.uploading) void this.#sends.send(entry);
    }
  }

  /** Also where it failed in another tab for want of files that this one has. @param {import("./types.js").Unsent} entry */
  #isDue(entry) {
    return (
      entry.state === "sending" ||
      (!entry.uploading && entry.error?.code === FILES_LOST && this.#files.canRenew(entry))
    );
  }

  /**
   * A file that a message waits for has moved: it is there, it has failed, or it is tried again.
   * @param {string} clientId
   */
  #fileMoved(clientId) {
    const entry = this.#current(clientId);
    if (!entry?.uploading) return;
    const { entry: settled, refused } = this.#files.withoutRefused(this.#files.settled(entry));
    for (const upload of refused) this.#leftOut(entry.room, upload);
    const error = this.#files.failure(settled);
    if (error && settled.state === "sending") return this.#lostOrFailed(settled, error);
    if (!error && settled.state === "failed")
      return this.#write({ ...settled, state: "sending", error: null });
    if (settled === entry) return;
    this.#write(settled);
    this.#pump();
  }

  /**
   * @param {import("./types.js").Unsent} entry
   * @param {ChatError} error
   */
  #lostOrFailed(entry, error) {
    const stored = this.#store.get(entry.client_id);
    // Another tab has uploaded it, and this one hears of that a little later.
    if (error.code === FILES_LOST && stored && String(idsOf(stored)) !== String(idsOf(entry))) {
      this.#hold(stored);
    } else {
      this.#fail(entry, error);
    }
    this.#pump();
  }

  /**
   * A message as it is now, unless it was discarded or acknowledged: writing it would bring it back.
   * @param {string} clientId
   */
  #current(clientId) {
    const entry = this.#entries.get(clientId);
    if (!entry || this.#store.has(clientId)) return entry;
    this.#takenElsewhere(entry);
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
    if (entry && !isKnown && code !== "network")
      this.#write({ ...entry, state: "sending", error: { code, detail } });
  }

  /**
   * The server will not take a message as it is.
   *
   * @param {import("./types.js").Unsent} sent as it was when it was refused
   * @param {ChatError} error
   * @param {AbortSignal} signal
   */
  async #refused(sent, error, signal) {
    const entry = this.#current(sent.client_id);
    if (!entry) return;
    const next = afterRefusal(entry, { sent, error, isMember: this.#isMember, files: this.#files });
    if (next.change) this.#write({ ...entry, ...next.change });
    else if (next.renew) await this.#renew(entry, next.renew, signal);
    else if (next.fail) this.#fail(entry, error, next.fail);
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
      if (this.#current(entry.client_id))
        this.#write({ ...whole, attachments, state: "sending", error: null });
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
    this.#acknowledgements.reject(entry.client_id, error);
  }

  /** Somebody else signs in: they send nothing of this person's, who finds it again. */
  #abandon() {
    const error = new ChatError("aborted", "Somebody else has signed in.");
    this.#acknowledgements.rejectAll(error);
    this.#entries.clear();
    this.#otherTabs.clear();
    this.#files.clear();
    this.#store.clear();
  }

  /** @param {import("./types.js").Unsent} entry */
  #hold(entry) {
    this.#entries.set(entry.client_id, entry);
    this.#otherTabs.returned(entry.client_id);
    this.#files.followElsewhere(entry);
    // What is written next comes after it, also where the clock was set back since.
    this.#lastOrder = Math.max(this.#lastOrder, entry.order);
  }

  /** @param {import("./types.js").Unsent} entry */
  #write(entry) {
    this.#hold(entry);
    this.#store.put(entry);
    this.#changed(entry.room);
  }

  /** @param {string} clientId */
  #forget(clientId) {
    this.#serverErrors.forget(clientId);
    this.#files.release(clientId);
    const taken = this.#otherTabs.forget(clientId);
    if (taken) this.#changed(taken.room);
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    this.#entries.delete(clientId);
    for (const { room } of this.#store.remove(clientId)) this.#changed(room);
    // Its room goes on at once, also where it was to be tried again later.
    if (this.#sends.underway(entry.room) === clientId) this.#sends.abort(entry.room);
    this.#changed(entry.room);
    this.#pump();
  }
}
