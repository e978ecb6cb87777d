import { MessageSender } from "./message-sender.js";
import { withPlatform } from "./platform.js";
import { Session } from "./connection/session.js";
import { FileUploads } from "./uploads/file-uploads.js";
import { KnownChat } from "./state/known-chat.js";
import { ChangeNotifier } from "./state/change-notifier.js";
import { OutboxFiles } from "./outbox/outbox-files.js";
import { Outbox } from "./outbox/outbox.js";
import { Retries } from "./retry/retries.js";
import { RetriedCommands } from "./retry/retried-commands.js";
import { uploadWithRetries } from "./retry/retried-upload.js";
import { ClientState } from "./state/client-state.js";
import { Sync } from "./message-log/sync.js";

/** @typedef {import("./lib/errors.js").ChatError} ChatError */
/** @typedef {import("./uploads/file-upload.js").FileUpload} FileUpload */

/**
 * One person's connection to the chat, and what is known through it.
 *
 * It reconnects by itself, asks for what it missed, and keeps unsent messages until the server
 * has them. It tells what changed by events, which {@link import("./types.js").ClientEvents} lists.
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
  #transport;
  #timing;
  #session;
  #retries;
  #commands;
  #sync;
  #uploads;
  #files;
  #outbox;
  #sender;
  #clientState;
  /** Whether somebody has asked for the messages of all rooms, which costs more after an absence. */
  #isTold = false;

  /** @param {import("./types.js").ClientOptions} options */
  constructor(options) {
    const { timing, transport, storage, events, locks, files, uploadsElsewhere, userId } =
      withPlatform(options);
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
    this.#retries = new Retries({ ...timing, changed: () => this.#notifier.tell("state") });
    this.#session = new Session({
      transport,
      events,
      ...timing,
      on: {
        message: (message) => this.#take(message),
        lost: () => this.#lost(),
        changed: () => this.#notifier.tell("state"),
        pagehide: () => clientState.flushReads(),
        storage: (change) => this.#outbox.reread(change),
      },
    });
    const retries = this.#retries;
    this.#commands = new RetriedCommands({
      retries,
      ...timing,
      isOnline: () => this.state === "online",
      arrival: (signal) => this.#session.arrival(signal),
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
    this.#sender = new MessageSender({
      outbox: this.#outbox,
      state: clientState,
      feed: (room) => this.feed(room),
    });
    if (userId) this.#outbox.open(userId);
  }

  /**
   * @template {keyof import("./types.js").ClientEvents} Name
   * @overload
   * @param {Name} type
   * @param {(event: CustomEvent<import("./types.js").ClientEvents[Name]>) => void} listener
   * @param {AddEventListenerOptions | boolean} [options]
   * @returns {void}
   */
  /**
   * @overload
   * @param {string} type
   * @param {EventListenerOrEventListenerObject | null} listener
   * @param {AddEventListenerOptions | boolean} [options]
   * @returns {void}
   */
  /**
   * @param {string} type
   * @param {any} listener
   * @param {AddEventListenerOptions | boolean} [options]
   */
  addEventListener(type, listener, options) {
    if (type === "message") this.#isTold = true;
    super.addEventListener(type, listener, options);
  }

  // -- Connecting ------------------------------------------------------------------------------

  /** The open socket, or null. */
  get socket() {
    return this.#session.socket;
  }

  /** @returns {import("./connection/types.js").ConnectionState} */
  get state() {
    return this.#session.state;
  }

  /** When the next attempt to connect is made, as a millisecond timestamp; or null. */
  get retryAt() {
    return this.#session.retryAt;
  }

  /** @returns {ChatError | null} why the client stays away, when the server sent it away */
  get error() {
    return this.#session.error;
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
    this.#session.wake();
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
    if (this.state !== "online") await this.#session.open();
  }

  /** Asks the server for a sign of life, and gives up a connection over which none comes. */
  probe() {
    this.#session.probe();
  }

  /** Disconnects and stays away until `connect()`. */
  disconnect() {
    this.#clientState.flushReads();
    this.#commands.abort();
    this.#session.close();
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

  #lost() {
    this.#sync.stop();
    this.#outbox.pause();
    this.#clientState.lost();
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
    if (command.type === "message.send") return this.#sender.sendCommand(command);
    const reply = await this.#commands.write(command, options);
    this.#clientState.answered(command.type, reply);
    return reply;
  }

  /**
   * Sends a message. It shows in the room's feed at once, and what becomes of it shows there.
   *
   * @param {string} room
   * @param {import("./message-sender.js").NewMessage} message
   * @returns {string} its `client_id`
   */
  sendMessage(room, message) {
    return this.#sender.send(room, message);
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
      isAway: () => this.#session.isAway,
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

  /**
   * Puts a room among the person's favourites, or takes it out, on all of their devices. It shows in
   * `rooms` at once and is told the server until it answers, also after a lost connection.
   * @param {string} room
   * @param {boolean} on
   * @returns {Promise<void>} when the server has it. Rejects with a {@link ChatError}: what the server
   *   refuses, after which `rooms` shows what was before; `aborted` where a newer wish took its place
   */
  setFavorite(room, on) {
    return this.#clientState.own.setFavorite(room, on);
  }

  /** Tells a room that one is typing, at most every 3 s: call it at each key. @param {string} room */
  sayTyping(room) {
    if (this.state !== "online" || !this.#clientState.typing.isDue(room)) return;
    this.socket?.send(JSON.stringify({ type: "typing", room }));
  }

  /**
   * @param {import("./lib/commands.js").AnyCommand} command
   * @returns {Promise<any>}
   */
  async #issue(command) {
    const reply = await this.#session.issue(command);
    if (reply?.message) {
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
    this.#session.receive(text);
  }

  /** @param {any} message */
  #take(message) {
    if (message.type === "ready") this.#ready(message);
    else this.#clientState.apply(message);
  }

  /** @param {import("../protocol.js").ReadyEvent} event */
  #ready(event) {
    this.#session.established(event.heartbeat);
    this.#clientState.welcome(event);
    this.#outbox.open(event.user.id);
    this.#outbox.resume();
    this.#session.arrived();
    this.#retries.wake();
    this.#uploads.retryFailed();
  }
}
