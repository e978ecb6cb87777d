import { Arrivals } from "./connection/arrivals.js";
import { setTimer as realTimer } from "./lib/backoff.js";
import { BrowserEvents } from "./connection/browser-events.js";
import { Connection } from "./connection/connection.js";
import { connectionLost, offline, ChatError } from "./lib/errors.js";
import { awaitedAttachment, unknownAttachment } from "./message-log/feed-message.js";
import { FileStore } from "./uploads/file-store.js";
import { FileUpload } from "./uploads/file-upload.js";
import { FileUploads } from "./uploads/file-uploads.js";
import { handleIncomingMessage, messagesIn, takeFrom } from "./incoming.js";
import { KnownChat } from "./state/known-chat.js";
import { ChangeNotifier } from "./state/change-notifier.js";
import { OutboxFiles } from "./outbox/outbox-files.js";
import { localStorageIfAny } from "./outbox/outbox-store.js";
import { Outbox } from "./outbox/outbox.js";
import { Retries } from "./retry/retries.js";
import { RetriedCommands } from "./retry/retried-commands.js";
import { uploadWithRetries } from "./retry/retried-upload.js";
import { quoteOf } from "./message-log/quotes.js";
import { Requests } from "./connection/requests.js";
import { ClientState } from "./state/client-state.js";
import { Sync } from "./message-log/sync.js";

/** A connection that answers no `ping` within this is dead, in milliseconds. */
const PING_TIMEOUT = 10_000;

/**
 * One person's connection to the chat, and what is known through it.
 *
 * It reconnects by itself, asks for what it missed, and keeps unsent messages until the server
 * has them. It tells what changed by events (`CustomEvent`, with their `detail` in brackets):
 *
 * - `state`: {@link ChatClient#state}, {@link ChatClient#retryAt} or {@link ChatClient#trouble}
 * - `rooms`: the set of rooms
 * - `room` {room}: a room's name, members, unread count, …
 * - `message` {room, message, change}: what happens in all rooms, whether their feeds are open or
 *   not. `change` is `sent` for a new message, also one's own, `changed` for one that was edited or
 *   got a reaction, and `deleted`. After a reconnect what was missed is told too, once, a message
 *   as it is then
 * - `skipped` {room, after}: too much was missed there, so that not all of it is told: more than
 *   1,000 changes where `message` is listened to, else more than 200, of which `mention` and
 *   `message-changed` tell none. `history` has it, after the number `after`
 * - `messages` {room}: a room's feed, as far as it is held; see {@link Feed#open}
 * - `outbox`: what is unsent
 * - `left-out` {room, upload}: an unsent message goes without this file, which the server refused
 * - `typing` {room}, `presence` {user}, `people`, `blocked`, `requests`
 * - `removed`: somebody took the person out of a room: `{room, name, by, position}`, where `by` is a
 *   username or null. It comes before `rooms`.
 * - `restored`: the server's history was restored from a backup. What was held of it is dropped,
 *   what is unsent is kept
 * - `mention` {room, message}: a new message from someone else, whom this person has not blocked,
 *   that names them, or that came in a direct room
 * - `message-changed` {room, message}: a message was edited, deleted or got a reaction, such as one
 *   that `mention` told. It costs less than `message`: after a long absence it may leave some out
 *
 * `room` is the id of a room, `user` a username. Changes that come together are told once.
 *
 * @example
 * const client = new ChatClient({ transport: new WebSocketTransport({ server: location.origin }) });
 * client.addEventListener("messages", ({ detail }) => draw(client.feed(detail.room).messages));
 * await client.connect();
 * const { room } = await client.send({ type: "room.open", kind: "direct", members: ["grace"] });
 * await client.feed(room.id).open();
 * client.sendMessage(room.id, { body: "Hello, **Grace**" });
 */
export class ChatClient extends KnownChat {
  /** A UUID of this client, which is one of perhaps many of the same person. */
  id = crypto.randomUUID();

  #notifier = new ChangeNotifier(this);
  #arrivals = new Arrivals();
  #transport;
  #timing;
  #connection;
  #retries;
  #commands;
  #requests;
  #sync;
  #uploads;
  #files;
  #outbox;
  #clientState;
  #browser;
  /** Whether somebody has asked for the messages of all rooms, which costs more after an absence. */
  #isTold = false;

  /** @param {import("./types.js").ClientOptions} options */
  constructor({
    transport,
    storage = localStorageIfAny(),
    now = Date.now, // eslint-disable-line no-restricted-properties -- for what is shown or stored
    monotonic = () => performance.now(),
    random = Math.random,
    setTimer = realTimer,
    events = globalThis.window ?? null,
    indexedDB = globalThis.window ? globalThis.indexedDB : undefined,
    locks = globalThis.window ? globalThis.navigator?.locks : undefined,
    files = new FileStore(indexedDB, now),
    uploadsElsewhere,
    userId,
  }) {
    const timing = { now, monotonic, random, setTimer };
    const clientState = new ClientState({
      ...timing,
      read: (command, options) => this.read(command, options),
      unsent: () => this.#outbox.shown,
      acknowledge: (message) => this.#outbox.acknowledge(message),
      missed: (feed) => this.state === "online" && this.#sync.ask(feed),
      isTold: () => this.#isTold,
      tell: (type, detail) => this.#notifier.tell(type, detail),
    });
    super(clientState);
    this.#clientState = clientState;
    this.#transport = transport;
    this.#timing = timing;
    this.#requests = new Requests({ ...timing, late: () => this.probe() });
    this.#retries = new Retries({ ...timing, changed: () => this.#notifier.tell("state") });
    this.#connection = new Connection({
      transport,
      ...timing,
      on: {
        opened: (socket) => takeFrom(socket, (message) => this.#take(message)),
        frame: (text) => this.receive(text),
        lost: (error) => this.#lost(error),
        changed: () => this.#notifier.tell("state"),
        quiet: () => this.#issue({ type: "ping" }, { timeout: PING_TIMEOUT }),
      },
    });
    this.#browser = new BrowserEvents(events, {
      online: () => this.#connection.wake(),
      // A socket can take minutes to notice that the network has gone.
      offline: () => this.#connection.drop(),
      focus: () => this.#connection.wake(),
      pagehide: () => clientState.flushReads(),
      storage: (/** @type {StorageEvent} */ change) => this.#outbox.reread(change),
    });
    const retries = this.#retries;
    this.#commands = new RetriedCommands({
      retries,
      ...timing,
      isOnline: () => this.state === "online",
      arrival: async (signal) => {
        if (this.error) throw this.error;
        if (this.state !== "online") await this.#arrivals.next(signal);
      },
      issue: (command) => this.#issue(command),
    });
    this.#sync = new Sync({ retries, request: (rooms) => this.#issue({ type: "sync", rooms }) });
    this.#uploads = new FileUploads({
      upload: (file, options) => this.upload(file, options),
      limits: () => this.limits,
      store: files,
      tryNow: () => this.tryNow(),
      locks,
      elsewhere: uploadsElsewhere,
    });
    this.#files = new OutboxFiles({
      upload: (file, signal) => this.upload(file, { signal }),
      found: (stored) => this.#uploads.found(stored),
      canFind: (key) => this.#uploads.canFind(key),
      isElsewhere: (key) => this.#uploads.isElsewhere(key),
      epoch: () => this.epoch,
    });
    this.#outbox = new Outbox({
      storage,
      files: this.#files,
      isMember: (room) => this.rooms.has(room),
      isCurrent: (room) => !this.trouble && clientState.isCurrent(room),
      retries,
      ...timing,
      transmit: (command) => this.#issue(command),
      changed: (room) => {
        this.#clientState.unsentChanged(room);
        this.#notifier.tell("outbox");
      },
      leftOut: (room, upload) => this.#notifier.tell("left-out", { room, upload }),
    });
    if (userId) this.#outbox.open(userId);
  }

  /** @param {Parameters<EventTarget["addEventListener"]>} listener */
  addEventListener(...listener) {
    if (listener[0] === "message") this.#isTold = true;
    super.addEventListener(...listener);
  }

  // -- Connecting ------------------------------------------------------------------------------

  /** The open socket, or null. */
  get socket() {
    return this.#connection.socket;
  }

  /** @returns {import("./connection/types.js").ConnectionState} */
  get state() {
    return this.#connection.state;
  }

  /** When the next attempt to connect is made, as a millisecond timestamp; or null. */
  get retryAt() {
    return this.#connection.retryAt;
  }

  /** @returns {ChatError | null} why the client stays away, when the server sent it away */
  get error() {
    return this.#connection.error;
  }

  /**
   * Why something is being tried again although there is a connection, such as a server whose
   * database is away; null when all is well.
   * @returns {ChatError | null}
   */
  get trouble() {
    return this.state === "online" ? this.#retries.trouble : null;
  }

  /** Tries now what waits to be tried again: the connection, messages, pages, files. */
  tryNow() {
    this.#connection.wake();
    this.#retries.wake();
  }

  /**
   * Connects, and from then on stays connected: after a loss it tries again after random
   * delays of up to 30 s, and at once when the browser comes online. Call it while the client
   * waits to make it try now.
   *
   * @returns {Promise<void>} at `ready`. Rejects with a {@link ChatError} when coming back is
   *   of no use: signed out, suspended, another version of the protocol; or `disconnect()`
   */
  async connect() {
    if (this.state === "online") return;
    this.#browser.listen();
    const arrival = this.#arrivals.next();
    this.#connection.open();
    await arrival;
  }

  /** Asks the server for a sign of life, and gives up a connection over which none comes. */
  probe() {
    this.#connection.probe();
  }

  /** Disconnects and stays away until `connect()`. */
  disconnect() {
    this.#browser.stop();
    this.#clientState.flushReads();
    this.#connection.close();
    this.#commands.abort();
    this.#arrivals.settle(new ChatError("aborted", "The client was disconnected."));
  }

  /**
   * Disconnects for good, as where somebody signs out: what is unsent is left to the next client of
   * this person, with its files.
   */
  leave() {
    this.disconnect();
    this.#files.clear();
    this.#uploads.leave();
  }

  /** @param {ChatError | null} error */
  #lost(error) {
    this.#requests.abandon(connectionLost());
    this.#sync.stop();
    this.#outbox.pause();
    this.#clientState.lost();
    if (error) this.#arrivals.settle(error);
  }

  // -- Sending ---------------------------------------------------------------------------------

  /**
   * Sends a command (docs/protocol.md lists them) and resolves to its reply. The client adds
   * `ref`, and to `message.send` a `client_id` if it has none.
   *
   * `message.send` goes through the outbox: it is kept until the server has it, over lost
   * connections, failing servers and reloads, and resolves when it is stored. It rejects when the
   * server refuses it for good, or with `aborted` when it was discarded, also in another tab.
   * What changes nothing when it is done twice, such as an edit, is sent again for up to two minutes
   * where no answer came, unless a newer one takes its place. All else is sent once; see `read`.
   *
   * @template {import("./lib/commands.js").Sendable} C
   * @param {C} command
   * @param {import("./retry/types.js").ReadOptions} [options] not for `message.send`
   * @returns {Promise<import("./lib/commands.js").Replies[C["type"]]>} rejects with a {@link ChatError}
   *
   * @example
   * const { rooms } = await client.send({ type: "room.find", query: "design" });
   * await client.send({ type: "message.react", message: id, emoji: "👍", on: true });
   */
  async send(command, options = {}) {
    if (command.type === "message.send") {
      const {
        room,
        client_id,
        body = "",
        attachments = [],
        reply_to = null,
        code = null,
      } = command;
      const clientId = client_id ?? crypto.randomUUID();
      const stored = this.#outbox.stored(clientId);
      this.#outbox.add({
        client_id: clientId,
        room,
        body,
        reply_to,
        code,
        quote: null,
        room_name: this.#clientState.nameOf(room),
        attachments: attachments.map(unknownAttachment),
      });
      this.#clientState.answering(room);
      return stored;
    }
    const reply = await this.#commands.write(command, options);
    this.#clientState.answered(command.type, reply);
    return reply;
  }

  /**
   * Sends a message. It shows in the room's feed at once, and what becomes of it shows there.
   *
   * @param {string} room
   * @param {{
   *   body?: string,
   *   attachments?: (import("../protocol.js").Attachment | FileUpload)[],
   *   replyTo?: import("../protocol.js").Message | string | null,
   * }} message `attachments`: what {@link ChatClient#upload} gave, or `uploads.add`: the message waits
   *   for those, also over a reload; `replyTo`: a message or its id
   * @returns {string} its `client_id`
   */
  sendMessage(room, { body = "", attachments = [], replyTo = null }) {
    const clientId = crypto.randomUUID();
    const feed = this.feed(room);
    const quoted =
      typeof replyTo === "string" ? feed.messages.find(({ id }) => id === replyTo) : replyTo;
    const awaited = attachments.flatMap((each) =>
      each instanceof FileUpload && !each.attachment ? [each] : [],
    );
    this.#outbox.add(
      {
        client_id: clientId,
        room,
        body,
        attachments: attachments.map((each) =>
          each instanceof FileUpload ? (each.attachment ?? awaitedAttachment(each)) : each,
        ),
        ...(awaited.length > 0 ? { uploading: awaited.map(({ key }) => key) } : {}),
        room_name: this.#clientState.nameOf(room),
        reply_to: typeof replyTo === "string" ? replyTo : (replyTo?.id ?? null),
        quote: quoted ? quoteOf(quoted) : null,
      },
      awaited,
    );
    this.#clientState.answering(room);
    // One's own message is always in sight.
    if (feed.hasNewer) feed.jumpToLatest().catch(() => {});
    return clientId;
  }

  /** Sends a failed message again. @param {string} clientId */
  retry(clientId) {
    this.#outbox.retry(clientId);
  }

  /** Gives up a message that is not stored. @param {string} clientId */
  discard(clientId) {
    this.#outbox.discard(clientId);
  }

  /**
   * Takes a message that is not stored back, to be written again: it is discarded, its files are not.
   * @param {string} clientId
   * @returns {{attachments: import("../protocol.js").Attachment[], uploads: FileUpload[]}}
   */
  takeBack(clientId) {
    return this.#outbox.takeBack(clientId);
  }

  /**
   * Messages of all rooms that the server does not have yet, in the order of writing.
   * @returns {import("./outbox/types.js").Unsent[]}
   */
  get unsent() {
    return this.#outbox.entries;
  }

  /** Whether some of these would be lost with this page: there was no room to store them. */
  get hasUnstored() {
    return this.#outbox.hasUnstored;
  }

  /**
   * The files of an unsent message that are on their way.
   * @param {string} clientId
   * @returns {FileUpload[]}
   */
  uploadsOf(clientId) {
    return this.#files.uploadsOf(clientId);
  }

  /** Files on their way, some at a time: `uploads.add(file)`, for {@link ChatClient#sendMessage}. */
  get uploads() {
    return this.#uploads;
  }

  /**
   * Uploads a file, to be sent with a message. What fails for a reason that passes (one file
   * too many at once, a server that fails or is not reached) is tried again for half an hour, not
   * counting the time in which the connection is lost. Should the server not know it any more when
   * the message is sent, as after a restore from a backup, it is uploaded again by itself.
   *
   * @param {Blob} file usually a `File`, whose name is kept
   * @param {import("./connection/types.js").UploadOptions} [options]
   * @returns {Promise<import("../protocol.js").Attachment>} rejects with a {@link ChatError}:
   *   `aborted` by the signal, what the server says (`too_large`, `unsupported_media`,
   *   `quota_exceeded`), or in the end `network`, `server_error`, `rate_limited`
   */
  async upload(file, options = {}) {
    const attachment = await uploadWithRetries(() => this.#transport.upload(file, options), {
      ...this.#timing,
      ...options,
      retries: this.#retries,
      isAway: () => this.state === "connecting" || this.retryAt !== null,
    });
    this.#files.uploaded(attachment, file);
    return attachment;
  }

  /**
   * Marks a room as read up to a number, on all of the person's devices. It never goes back.
   * @param {string} roomId
   * @param {number} number
   */
  markRead(roomId, number) {
    this.#clientState.markRead(roomId, number);
  }

  /** Tells a room that one is typing, at most every 3 s: call it at each key. @param {string} room */
  sayTyping(room) {
    if (this.state !== "online" || !this.#clientState.typing.isDue(room)) return;
    this.socket?.send(JSON.stringify({ type: "typing", room }));
  }

  /**
   * @param {import("./lib/commands.js").AnyCommand} command
   * @param {{timeout?: number}} [options]
   * @returns {Promise<any>}
   */
  async #issue(command, options) {
    const { socket } = this;
    if (!socket || this.state !== "online") throw offline();
    if (command.type === "typing") return socket.send(JSON.stringify(command));
    const reply = await this.#requests.issue(socket, command, options);
    if (reply.message) {
      if (reply.message.sender === this.username) this.#outbox.acknowledge(reply.message, reply);
      this.#clientState.settle(reply);
    }
    return reply;
  }

  /**
   * Asks something that may be asked twice until there is an answer, over lost connections and
   * whatever else passes. It may be asked before there is a connection.
   *
   * @template {import("./lib/commands.js").Sendable} C
   * @param {C} command
   * @param {import("./retry/types.js").ReadOptions} [options]
   * @returns {Promise<import("./lib/commands.js").Replies[C["type"]]>} rejects with a {@link ChatError}:
   *   what the server refuses; `aborted` by the signal, or by `disconnect()`, while it waits
   *
   * @example
   * const { members } = await client.read({ type: "room.members", room: room.id });
   */
  async read(command, options = {}) {
    return this.#commands.read(command, options);
  }

  // -- Receiving -------------------------------------------------------------------------------

  /**
   * Takes one frame from the server: an object, or an array of objects to be taken in order.
   * @param {string} text
   */
  receive(text) {
    for (const message of messagesIn(text)) handleIncomingMessage(message, this.socket);
  }

  /** @param {any} message */
  #take(message) {
    if (message?.type === "reply" || message?.type === "error") this.#requests.settle(message);
    else if (message?.type === "ready") this.#ready(message);
    else if (message?.type) this.#clientState.apply(message);
  }

  /** @param {import("../protocol.js").ReadyEvent} event */
  #ready(event) {
    this.#connection.established(event.heartbeat);
    this.#clientState.welcome(event);
    this.#outbox.open(event.user.id);
    this.#outbox.resume();
    this.#arrivals.settle();
    this.#retries.wake();
    this.#uploads.retryFailed();
  }
}
