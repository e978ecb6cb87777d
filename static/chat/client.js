/**
 * The JavaScript client of Media Chat: for the page, for editors and for programs in Node.
 *
 * @example
 * import { initChatClient } from "./client.js";
 *
 * const client = await initChatClient("ada", "correct horse", { server: "https://chat.example" });
 * client.addEventListener("mention", ({ detail }) => {
 *   client.sendMessage(detail.room, { body: "I'm here.", replyTo: detail.message });
 * });
 */
import { setTimer } from "./backoff.js";
import { Connection } from "./connection.js";
import { ChatError, connectionLost, offline } from "./errors.js";
import { Feed } from "./feed.js";
import { Outbox } from "./outbox.js";
import { People } from "./people.js";
import { Reads } from "./reads.js";
import { Requests } from "./requests.js";
import { signIn } from "./sign-in.js";
import { Sync } from "./sync.js";
import { WebSocketTransport } from "./transports/websocket.js";
import { Typing } from "./typing.js";
import { unsentMessage } from "./unsent-message.js";

export { ChatError };

/** A connection that answers no `ping` within this is dead, in milliseconds. */
const PING_TIMEOUT = 10_000;

/** @type {WeakMap<import("./types.js").Socket, (message: any) => void>} */
const takers = new WeakMap();

/**
 * Signs in with a username and a password and connects, without a browser's cookies.
 *
 * @param {string} username
 * @param {string} password
 * @param {{server?: string, WebSocket?: typeof WebSocket}
 *   & Partial<import("./types.js").ClientOptions>} [options] `server`: where Media Chat is;
 *   this page's own server if left out. `WebSocket`: the class to use where the platform has
 *   none, as in Node before 22
 * @returns {Promise<ChatClient>} connected. Rejects with a {@link ChatError}: `unauthenticated`
 *   when the password is wrong, and also, with `flows`, when a further step such as a second
 *   factor is needed; `network` when the server was not reached; `forbidden` when suspended
 *
 * @example
 * try {
 *   const client = await initChatClient("ada", "correct horse");
 * } catch (error) {
 *   if (error.flows?.some(({ id }) => id === "mfa_authenticate")) askForTheSecondFactor();
 *   else show(error.detail);
 * }
 */
export async function initChatClient(username, password, options = {}) {
  const { server = globalThis.location?.origin, WebSocket, ...rest } = options;
  if (!server) throw new ChatError("bad_request", "Say where the server is: {server: 'https://…'}.");
  const sessionToken = await signIn(server, username, password);
  const transport = new WebSocketTransport({ server, sessionToken, WebSocket });
  const client = new ChatClient({ transport, ...rest });
  await client.connect();
  return client;
}

/**
 * Applies one object from the server to the client that owns this socket. Types that are not
 * known are ignored, so that servers can grow. {@link ChatClient#receive} calls it for each
 * object of a frame; call it to feed a client from somewhere else, such as a recording.
 *
 * @param {{type: string}} message an event, a reply or an error
 * @param {import("./types.js").Socket | null} socket
 *
 * @example
 * handleIncomingMessage({ type: "typing", room: id, user: "grace" }, client.socket);
 */
export function handleIncomingMessage(message, socket) {
  if (socket) takers.get(socket)?.(message);
}

/**
 * One person's connection to the chat, and what is known through it.
 *
 * It reconnects by itself, asks for what it missed, and keeps unsent messages until the server
 * has them. It tells what changed by events (`CustomEvent`, with their `detail` in brackets):
 *
 * - `state`: {@link ChatClient#state} or {@link ChatClient#retryAt}
 * - `rooms`: the set of rooms
 * - `room` {room}: a room's name, members, unread count, …
 * - `messages` {room}: a room's feed
 * - `outbox`: what is unsent
 * - `typing` {room}, `presence` {user}, `people`
 * - `mention` {room, message}: a new message from someone else that names this person, or that
 *   came in a direct room
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
export class ChatClient extends EventTarget {
  /** A UUID of this client, which is one of perhaps many of the same person. */
  id = crypto.randomUUID();
  /** '' before the server has greeted us. */
  username = "";
  /** @type {import("./protocol.js").Me | null} the person who is signed in */
  me = null;
  /** @type {Map<string, import("./protocol.js").Room>} by id, kept current */
  rooms = new Map();
  /** @type {Set<string>} usernames of those who are here now */
  online = new Set();

  /** @type {Map<string, Feed>} */
  #feeds = new Map();
  /** @type {Map<string, {type: string, detail: object}>} to be told, each once */
  #news = new Map();
  /** @type {{resolve: () => void, reject: (error: ChatError) => void}[]} until `ready` */
  #arrivals = [];
  #transport;
  #connection;
  #requests;
  #sync;
  #outbox;
  #people;
  #reads;
  #typing;
  #events;

  /** @param {import("./types.js").ClientOptions} options */
  constructor(options) {
    super();
    const { now = Date.now, random = Math.random, transport, storage = localStorageIfAny() } =
      options;
    const timing = { now, random, setTimer: options.setTimer ?? setTimer };
    this.#transport = transport;
    this.#events = options.events === undefined ? browserEvents() : options.events;
    this.#requests = new Requests(timing);
    this.#connection = new Connection({
      transport,
      ...timing,
      on: {
        opened: (socket) => takers.set(socket, (message) => this.#take(message)),
        frame: (text) => this.receive(text),
        lost: (error) => this.#lost(error),
        changed: () => this.#tell("state"),
        quiet: () => this.#issue({ type: "ping" }, { timeout: PING_TIMEOUT }),
      },
    });
    this.#sync = new Sync({ ...timing, request: (rooms) => this.#issue({ type: "sync", rooms }) });
    this.#outbox = new Outbox({
      storage,
      ...timing,
      transmit: (command) => this.#issue(command),
      changed: (room) => {
        this.#feeds.get(room)?.changed();
        this.#tell("outbox");
      },
    });
    this.#people = new People({
      ...timing,
      request: (usernames) => this.#read({ type: "people.get", usernames }),
      changed: () => this.#tell("people"),
    });
    this.#reads = new Reads({
      ...timing,
      tell: (room, number) => this.#issue({ type: "room.read", room, number }),
    });
    this.#typing = new Typing({ ...timing, changed: (room) => this.#tell("typing", { room }) });
  }

  // -- Connecting ------------------------------------------------------------------------------

  /** The open socket, or null. */
  get socket() {
    return this.#connection.socket;
  }

  /** @returns {import("./types.js").ConnectionState} */
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
   * Connects, and from then on stays connected: after a loss it tries again after random
   * delays of up to 30 s, and at once when the browser comes online. Call it while the client
   * waits to make it try now.
   *
   * @returns {Promise<void>} at `ready`. Rejects with a {@link ChatError} when coming back is
   *   of no use: signed out, suspended, another version of the protocol; or `disconnect()`
   */
  async connect() {
    if (this.state === "online") return;
    this.#listen("addEventListener");
    const arrival = this.#arrival();
    this.#connection.open();
    await arrival;
  }

  /** Disconnects and stays away until `connect()`. */
  disconnect() {
    this.#listen("removeEventListener");
    this.#reads.flush();
    this.#connection.close();
    this.#arrived(new ChatError("aborted", "The client was disconnected."));
  }

  /** @returns {Promise<void>} */
  #arrival() {
    return new Promise((resolve, reject) => this.#arrivals.push({ resolve, reject }));
  }

  /** @param {ChatError | null} error */
  #arrived(error = null) {
    for (const { resolve, reject } of this.#arrivals.splice(0)) error ? reject(error) : resolve();
  }

  /** @param {ChatError | null} error */
  #lost(error) {
    this.#requests.abandon(connectionLost());
    this.#sync.stop();
    this.#outbox.pause();
    this.#typing.clear();
    if (error) this.#arrived(error);
  }

  /** @param {"addEventListener" | "removeEventListener"} way */
  #listen(way) {
    for (const [type, listener] of Object.entries(this.#listeners)) {
      this.#events?.[way](type, /** @type {EventListener} */ (listener));
    }
  }

  #listeners = {
    online: () => this.#connection.wake(),
    // A socket can take minutes to notice that the network has gone.
    offline: () => this.#connection.drop(),
    focus: () => this.#connection.wake(),
    pagehide: () => this.#reads.flush(),
    /** @param {StorageEvent} event */
    storage: ({ key }) => this.#outbox.reread(key),
  };

  // -- Sending ---------------------------------------------------------------------------------

  /**
   * Sends a command (docs/protocol.md lists them) and resolves to its reply. The client adds
   * `ref`, and to `message.send` a `client_id` if it has none.
   *
   * `message.send` goes through the outbox: it is kept until the server has it, over lost
   * connections and reloads, and resolves when it is stored. All other commands are sent once.
   *
   * @template {import("./types.js").Sendable} C
   * @param {C} command
   * @returns {Promise<import("./types.js").Replies[C["type"]]>} rejects with a {@link ChatError}
   *
   * @example
   * const { rooms } = await client.send({ type: "room.find", query: "design" });
   * await client.send({ type: "message.react", message: id, emoji: "👍", on: true });
   */
  async send(command) {
    if (command.type === "message.send") {
      const { room, client_id, body = "", attachments = [], reply_to = null } = command;
      const files = attachments.map((id) => /** @type {any} */ ({ id }));
      const clientId = client_id ?? crypto.randomUUID();
      const stored = this.#outbox.stored(clientId);
      this.#post(room, clientId, body, files, reply_to, null);
      return stored;
    }
    const reply = await this.#issue(command);
    if (reply?.room && ["room.open", "room.join"].includes(command.type)) this.#room(reply);
    if (reply?.user) this.#person({ person: reply.user });
    return reply;
  }

  /**
   * Sends a message. It shows in the room's feed at once, and what becomes of it shows there.
   *
   * @param {string} room
   * @param {{
   *   body?: string,
   *   attachments?: import("./protocol.js").Attachment[],
   *   replyTo?: import("./protocol.js").Message | string | null,
   * }} message `attachments`: what {@link ChatClient#upload} gave; `replyTo`: a message or its id
   * @returns {string} its `client_id`
   */
  sendMessage(room, { body = "", attachments = [], replyTo = null }) {
    const clientId = crypto.randomUUID();
    const quoted =
      typeof replyTo === "string"
        ? this.feed(room).messages.find(({ id }) => id === replyTo)
        : replyTo;
    const replyToId = typeof replyTo === "string" ? replyTo : (replyTo?.id ?? null);
    this.#post(room, clientId, body, attachments, replyToId, quoted ?? null);
    // One's own message is always in sight.
    if (this.feed(room).hasNewer) this.feed(room).jumpToLatest().catch(() => {});
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

  /** Messages of all rooms that the server does not have yet, in the order of writing. */
  get unsent() {
    return this.#outbox.entries;
  }

  /**
   * Uploads a file, to be sent with a message.
   *
   * @param {Blob} file usually a `File`, whose name is kept
   * @param {import("./types.js").UploadOptions} [options]
   * @returns {Promise<import("./protocol.js").Attachment>} rejects with a {@link ChatError}:
   *   `network` when the server was not reached, `aborted` by the signal, or what the server
   *   says: `too_large`, `unsupported_media`, `quota_exceeded`
   */
  upload(file, options = {}) {
    return this.#transport.upload(file, options);
  }

  /**
   * Marks a room as read up to a number, on all of the person's devices. It never goes back.
   * @param {string} roomId
   * @param {number} number
   */
  markRead(roomId, number) {
    const room = this.rooms.get(roomId);
    const read = Math.min(number, room?.number ?? 0);
    if (!room?.role || read <= room.read) return;
    this.#update(room, { read });
    this.#reads.mark(roomId, read);
  }

  /** Tells a room that one is typing, at most every 3 s: call it at each key. @param {string} room */
  sayTyping(room) {
    if (this.state !== "online" || !this.#typing.isDue(room)) return;
    this.socket?.send(JSON.stringify({ type: "typing", room }));
  }

  /**
   * @param {string} room
   * @param {string} client_id
   * @param {string} body
   * @param {import("./protocol.js").Attachment[]} attachments
   * @param {string | null} reply_to
   * @param {import("./protocol.js").Message | null} quoted
   */
  #post(room, client_id, body, attachments, reply_to, quoted) {
    const quote = quoted && { ...quoted, body: quoted.body.slice(0, 140) };
    this.#outbox.add({ client_id, room, body, attachments, reply_to, quote });
    this.#typing.isDone(room);
  }

  /**
   * @param {import("./types.js").AnyCommand} command
   * @param {{timeout?: number}} [options]
   * @returns {Promise<any>}
   */
  async #issue(command, options) {
    const { socket } = this;
    if (!socket || this.state !== "online") throw offline();
    if (command.type === "typing") return socket.send(JSON.stringify(command));
    const reply = await this.#requests.issue(socket, command, options);
    if (reply.message) this.#settle(reply);
    return reply;
  }

  /**
   * Asks something that changes nothing, however often the connection is lost meanwhile.
   * @param {import("./types.js").AnyCommand} command
   * @returns {Promise<any>}
   */
  async #read(command) {
    for (;;) {
      if (this.state !== "online") await this.#arrival();
      try {
        return await this.#issue(command);
      } catch (error) {
        if (/** @type {ChatError} */ (error).code !== "network") throw error;
        if (this.error) throw this.error;
      }
    }
  }

  // -- What is known ---------------------------------------------------------------------------

  /**
   * A room's messages. The same object as long as the person is in the room.
   * @param {string} roomId
   * @returns {Feed}
   */
  feed(roomId) {
    const known = this.#feeds.get(roomId);
    if (known) return known;
    const feed = new Feed(roomId, {
      state: () => this.rooms.get(roomId),
      unsent: () => this.#unsentIn(roomId),
      history: (page) => this.#read({ type: "history", room: roomId, ...page }),
      changed: () => this.#tell("messages", { room: roomId }),
      missed: () => this.state === "online" && this.#sync.ask(feed),
      applied: (message, isNew) => this.#applied(roomId, message, isNew),
    });
    this.#feeds.set(roomId, feed);
    return feed;
  }

  /**
   * How someone is called. Who is not known yet is asked for; `people` tells when they are.
   * @param {string} username
   */
  person(username) {
    return this.#people.get(username);
  }

  /** Usernames of those who are typing in a room now. @param {string} roomId */
  typing(roomId) {
    return this.#typing.in(roomId);
  }

  /** @param {string} roomId */
  #unsentIn(roomId) {
    const next = (this.rooms.get(roomId)?.number ?? 0) + 1;
    return this.#outbox.entries
      .filter(({ room }) => room === roomId)
      .map((entry, index) => unsentMessage(entry, this.username, next + index));
  }

  // -- Receiving -------------------------------------------------------------------------------

  /**
   * Takes one frame from the server: an object, or an array of objects to be taken in order.
   * @param {string} text
   */
  receive(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return; // not ours to understand
    }
    const { socket } = this;
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      // One of them may have ended the connection.
      if (this.socket === socket) handleIncomingMessage(message, socket);
    }
  }

  /** @param {{type: string}} message */
  #take(message) {
    const handlers = /** @type {Record<string, (message: any) => void>} */ (this.#handlers);
    if (message && Object.hasOwn(handlers, message.type)) handlers[message.type](message);
  }

  #handlers = {
    /** @param {import("./types.js").Answer} answer */
    reply: (answer) => this.#requests.settle(answer),
    /** @param {import("./types.js").Answer} answer */
    error: (answer) => this.#requests.settle(answer),
    /** @param {import("./protocol.js").ReadyEvent} event */
    ready: (event) => this.#ready(event),
    /** @param {import("./protocol.js").MessageEvent} event */
    message: (event) => {
      this.#typing.stopped(event.room, event.message.sender);
      this.#feeds.get(event.room)?.apply(event);
    },
    /** @param {import("./protocol.js").ChangesEvent} event */
    changes: (event) => this.#feeds.get(event.room)?.apply(event),
    /** @param {import("./protocol.js").RoomEvent} event */
    room: (event) => this.#room(event),
    /** @param {import("./protocol.js").RoomRemovedEvent} event */
    "room.removed": ({ room }) => this.#removed(room),
    /** @param {import("./protocol.js").ReadEvent} event */
    read: ({ room: roomId, user, number }) => {
      const room = this.rooms.get(roomId);
      if (room && user === this.username && number > room.read) this.#update(room, { read: number });
    },
    /** @param {import("./protocol.js").TypingEvent} event */
    typing: ({ room, user }) => user !== this.username && this.#typing.started(room, user),
    /** @param {import("./protocol.js").PresenceEvent} event */
    presence: ({ user, state }) => {
      if (state === "online") this.online.add(user);
      else this.online.delete(user);
      this.#tell("presence", { user });
    },
    /** @param {import("./protocol.js").PersonEvent} event */
    person: (event) => this.#person(event),
    /** @param {import("./protocol.js").HeadsEvent} event */
    heads: ({ rooms }) => {
      for (const [room, position] of Object.entries(rooms)) {
        this.#feeds.get(room)?.noteHead(position);
      }
    },
  };

  /** @param {import("./protocol.js").ReadyEvent} event */
  #ready({ user, rooms, online, heartbeat }) {
    if (this.me && this.me.id !== user.id) this.#forgetAll();
    this.me = user;
    this.username = user.username;
    this.rooms = new Map(rooms.map((room) => [room.id, this.#reads.merged(room)]));
    this.online = new Set(online ?? []);
    this.#people.forget();
    this.#people.put({ ...user });
    for (const id of this.#feeds.keys()) if (!this.rooms.has(id)) this.#feeds.delete(id);
    this.#connection.established(heartbeat);
    for (const id of this.rooms.keys()) this.feed(id).resume();
    this.#outbox.open(user.id);
    this.#outbox.resume();
    this.#reads.flush();
    this.#tell("rooms");
    for (const name of this.online) this.#tell("presence", { user: name });
    this.#arrived();
  }

  /** Somebody else has signed in. */
  #forgetAll() {
    this.#feeds.clear();
    this.#reads.clear();
    this.#typing.clear();
  }

  /** @param {{room: import("./protocol.js").Room}} event */
  #room({ room: seen }) {
    const known = this.rooms.get(seen.id);
    const room = this.#reads.merged(seen);
    if (!known) {
      this.rooms.set(room.id, room);
      this.feed(room.id).resume();
      this.#tell("rooms");
    } else {
      // It may have been read before, or after, events that this client has had.
      const { position, number, read } = room;
      this.rooms.set(room.id, {
        ...room,
        position: Math.max(position, known.position),
        number: Math.max(number, known.number),
        read: Math.max(read, known.read),
      });
    }
    this.#tell("room", { room: room.id });
  }

  /** @param {string} room */
  #removed(room) {
    this.#feeds.delete(room);
    if (this.rooms.delete(room)) this.#tell("rooms");
    this.#tell("messages", { room });
  }

  /** @param {{person: import("./protocol.js").Person}} event */
  #person({ person }) {
    const { username, display_name, avatar_url } = person;
    if (this.me?.username === username) this.me = { ...this.me, display_name, avatar_url };
    this.#people.put(person);
  }

  /** @param {{message: import("./protocol.js").Message, position: number}} reply */
  #settle(reply) {
    const { message, position } = reply;
    if (message.sender === this.username) this.#outbox.acknowledge(message, reply);
    this.#feeds.get(message.room)?.settle(position, message);
  }

  /**
   * @param {string} roomId
   * @param {import("./protocol.js").Message} message
   * @param {boolean} isNew
   */
  #applied(roomId, message, isNew) {
    const isMine = message.sender === this.username;
    if (isMine) this.#outbox.acknowledge(message, { message, position: message.position });
    const room = this.rooms.get(roomId);
    if (!room) return;
    this.#update(room, {
      position: Math.max(room.position, message.position),
      number: Math.max(room.number, message.number),
    });
    if (!isNew || message.deleted) return;
    // Who answers has read what is answered.
    if (isMine) this.markRead(roomId, message.number);
    const concerns = room.kind === "direct" || message.mentions?.includes(this.username);
    if (concerns && !isMine && message.number > room.read) {
      this.#tell("mention", { room: roomId, message });
    }
  }

  /**
   * @param {import("./protocol.js").Room} room
   * @param {Partial<import("./protocol.js").Room>} change
   */
  #update(room, change) {
    this.rooms.set(room.id, { ...room, ...change });
    this.#tell("room", { room: room.id });
  }

  /**
   * Tells listeners when all that came together has been taken.
   * @param {string} type
   * @param {{room?: string, user?: string, message?: import("./protocol.js").Message}} [detail]
   */
  #tell(type, detail = {}) {
    if (this.#news.size === 0) queueMicrotask(() => this.#tellAll());
    const { room = "", user = "", message } = detail;
    this.#news.set([type, room, user, message?.id].join(" "), { type, detail });
  }

  #tellAll() {
    const news = [...this.#news.values()];
    this.#news.clear();
    for (const { type, detail } of news) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @returns {import("./types.js").KeyStorage | null} */
function localStorageIfAny() {
  try {
    return globalThis.window?.localStorage ?? null;
  } catch {
    return null; // where cookies are blocked
  }
}

/** @returns {import("./types.js").BrowserEvents | null} */
function browserEvents() {
  return globalThis.window ?? null;
}
