/**
 * A server in memory that keeps docs/protocol.md: rooms with logs, `client_id`s, `sync`, pages.
 * Tests make it lose events, refuse commands, fall silent and close sockets.
 *
 * @typedef {import("../../../static/chat/client/types.js").TransportHandlers} TransportHandlers
 * @typedef {import("../../../static/chat/protocol.js").Message} Message
 * @typedef {import("../../../static/chat/protocol.js").Room} Room
 */
import { createHash, randomUUID } from "node:crypto";
import { unknownAttachment } from "../../../static/chat/client/message-log/feed-message.js";

/** How many changes it sends at once. */
const CHANGES = 5;

export class Server {
  /** @type {Map<string, ServerRoom>} */
  rooms = new Map();
  /** @type {Connection[]} those that are open */
  connections = [];
  /** How often somebody tried to connect. */
  attempts = 0;
  /** Whether it can be reached. */
  isUp = true;
  /** Whether it greets those who come. */
  isGreeting = true;
  /** @type {number | null} the closing code for whoever comes */
  turnsAway = null;
  /** @type {(command: any, connection: Connection) => {code: string, detail: string} | null} */
  refuse = () => null;
  /** Changes further back than this are answered with a reset. */
  resetAfter = Infinity;
  /** How many messages fit into a page of history, whatever the `limit`: they may be large. */
  pageLimit = Infinity;
  heartbeat = 10;
  /** @type {import("../../../static/chat/protocol.js").Limits | undefined} undefined: as an older server */
  limits;
  /** The id of the history. */
  epoch = "first";
  /** @type {string[]} who is here */
  online = [];
  /** @type {Map<string, File>} files that messages may name, by id */
  uploads = new Map();
  /** @type {(file: File, signal?: AbortSignal) => Promise<unknown> | null} what a file waits for, or fails on */
  beforeUpload = () => null;

  /**
   * @param {{name?: string, kind?: "public" | "private" | "direct", members?: string[]}} [options]
   */
  open({ name = "general", kind = "private", members = ["ada", "grace"] } = {}) {
    const room = new ServerRoom(this, name, kind, members);
    this.rooms.set(room.id, room);
    return room;
  }

  /** A transport that brings this person here. @param {string} username */
  door(username) {
    return {
      /** @param {TransportHandlers} handlers */
      open: (handlers) => new Connection(this, username, handlers),
      /** @param {Blob} file @param {import("../../../static/chat/client/types.js").UploadOptions} options */
      upload: (file, options) => this.#upload(/** @type {File} */ (file), options),
    };
  }

  /**
   * @param {File} file
   * @param {import("../../../static/chat/client/types.js").UploadOptions} options
   * @returns {Promise<import("../../../static/chat/protocol.js").Attachment>}
   */
  async #upload(file, { signal }) {
    const takenBack = new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(new Error("The upload was taken back."))),
    );
    await Promise.race([this.beforeUpload(file, signal), takenBack]);
    const id = randomUUID();
    this.uploads.set(id, file);
    const { name, size, type: content_type } = file;
    return {
      id,
      name,
      size,
      content_type,
      width: null,
      height: null,
      url: `/${id}`,
      thumbnail_url: null,
      problem: null,
      metadata_kept: false,
    };
  }

  /** @param {object} event @param {(connection: Connection) => boolean} to */
  broadcast(event, to) {
    for (const connection of this.connections) {
      if (!connection.isDeaf && to(connection)) connection.say(event);
    }
  }

  /** @param {string} username */
  roomsOf(username) {
    return [...this.rooms.values()].filter((room) => room.members.includes(username));
  }

  /** The connection that was made last. */
  get last() {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error("nobody is connected");
    return connection;
  }

  /** Goes back to what a room was, as a restore does; files that nobody had sent are gone. @param {ServerRoom} room @param {number} number of its last message */
  restore(room, number) {
    this.epoch = randomUUID();
    this.uploads.clear();
    room.messages = room.messages.slice(0, number);
    room.position = Math.max(0, ...room.messages.map(({ position }) => position));
    for (const [reader, read] of room.reads) room.reads.set(reader, Math.min(read, number));
    for (const connection of [...this.connections]) connection.end(1012);
  }

  /** Every command of this type that has come. @param {string} type */
  commands(type) {
    return this.received.filter((command) => command.type === type);
  }

  /** @type {any[]} */
  received = [];
}

class ServerRoom {
  id = randomUUID();
  position = 0;
  /** @type {Message[]} */
  messages = [];
  /** @type {Map<string, number>} */
  reads = new Map();
  /** @type {Map<number, Message>} as they were before they were hidden */
  hidden = new Map();

  /**
   * @param {Server} server
   * @param {string} name
   * @param {"public" | "private" | "direct"} kind
   * @param {string[]} members
   */
  constructor(server, name, kind, members) {
    Object.assign(this, { server, name, kind, members });
    this.server = server;
    this.name = name;
    this.kind = kind;
    this.members = members;
  }

  /** @param {string} username @returns {Room} */
  seenBy(username) {
    return {
      id: this.id,
      kind: this.kind,
      name: this.name,
      members: [...this.members],
      member_count: this.members.length,
      position: this.position,
      number: this.messages.length,
      read: this.reads.get(username) ?? 0,
      unread: this.unreadBy(username),
      role: "member",
      closed: false,
      put_away: false,
      asked: null,
    };
  }

  /** @param {string} username @param {number} number */
  read(username, number) {
    if (number <= (this.reads.get(username) ?? 0)) return;
    this.reads.set(username, number);
    const event = { type: "read", room: this.id, user: username, number };
    this.server.broadcast(event, (connection) => this.members.includes(connection.username));
  }

  /** @param {string} username */
  unreadBy(username) {
    const read = this.reads.get(username) ?? 0;
    return this.messages.filter(
      ({ number, sender, deleted }) => number > read && sender !== username && !deleted,
    ).length;
  }

  /** @param {number} number */
  at(number) {
    return this.shown(this.messages[number - 1]);
  }

  /** A message as it reads now, with its quote. @param {Message} message @returns {Message} */
  shown(message) {
    const quoted = this.messages.find(({ id }) => id === message.reply_to);
    if (!quoted || message.deleted) return { ...message, quote: null };
    const { id, number, sender, body } = quoted;
    return { ...message, quote: { id, number, sender, body } };
  }

  /**
   * @param {string} sender
   * @param {string} body
   * @param {{
   *   client_id?: string, reply_to?: string | null, mentions?: string[], attachments?: string[],
   * }} [more]
   */
  send(
    sender,
    body,
    { client_id = randomUUID(), reply_to = null, mentions = [], attachments = [] } = {},
  ) {
    const known = this.messages.find((one) => one.client_id === client_id);
    if (known) return this.shown(known);
    /** @type {Message} */
    const message = {
      id: identity(sender, client_id),
      room: this.id,
      number: this.messages.length + 1,
      position: 0,
      sender,
      client_id,
      body,
      html: `<p>${body}</p>`,
      created_at: "2026-01-01T00:00:00Z",
      edited_at: null,
      deleted: false,
      hidden: false,
      reply_to,
      quote: null,
      attachments: attachments.map((id) => ({
        ...unknownAttachment(id),
        name: this.server.uploads.get(id)?.name ?? "",
      })),
      mentions,
      reactions: {},
      code: null,
    };
    this.messages.push(message);
    return this.change(message.number, {});
  }

  /** @param {number} number @param {string} body */
  edit(number, body) {
    return this.change(number, { body, html: `<p>${body}</p>`, edited_at: "2026-01-01T00:00:01Z" });
  }

  /** @param {number} number */
  delete(number) {
    return this.change(number, { body: "", html: "", deleted: true, reactions: {}, mentions: [] });
  }

  /** @param {number} number @param {boolean} hidden */
  hide(number, hidden) {
    const message = this.messages[number - 1];
    if (message.hidden === hidden || (message.deleted && !message.hidden)) return this.at(number);
    if (hidden) this.hidden.set(number, message);
    const { body, html } = hidden
      ? { body: "", html: "" }
      : /** @type {Message} */ (this.hidden.get(number));
    return this.change(number, { hidden, deleted: hidden, body, html }, { isGone: true });
  }

  /** @param {number} number @param {string} emoji @param {string[]} names */
  react(number, emoji, names) {
    return this.change(number, { reactions: names.length ? { [emoji]: names } : {} });
  }

  /** @param {number} number @param {Partial<Message>} fields @param {{isGone?: boolean}} [options] */
  change(number, fields, { isGone = false } = {}) {
    if (this.messages[number - 1].deleted && !isGone) return this.at(number);
    this.position += 1;
    const changed = { ...this.messages[number - 1], ...fields, position: this.position };
    this.messages[number - 1] = changed;
    const message = this.shown(changed);
    const event = { type: "message", room: this.id, position: this.position, message };
    this.server.broadcast(event, ({ username }) => this.members.includes(username));
    return message;
  }

  /** @param {number} after */
  changes(after) {
    const type = "changes";
    const { id: room, position } = this;
    if (position - after > this.server.resetAfter || after > position) {
      return { type, room, messages: [], position, more: false, reset: true };
    }
    const all = this.messages.filter((message) => message.position > after);
    all.sort((a, b) => a.position - b.position);
    const messages = all.slice(0, CHANGES).map((message) => this.shown(message));
    const more = all.length > CHANGES;
    const stands = more ? messages[messages.length - 1].position : position;
    return { type, room, messages, position: stands, more, reset: false };
  }

  /** @param {{before?: number, after?: number, limit?: number}} page */
  history({ before = Infinity, after, limit = 50 }) {
    const found = this.messages.filter(({ number }) => number < before && number > (after ?? 0));
    const count = Math.min(limit, this.server.pageLimit);
    const messages = after === undefined ? found.slice(-count) : found.slice(0, count);
    return { messages: messages.map((one) => this.shown(one)), more: found.length > count };
  }
}

export class Connection {
  /** Whether live events are lost on the way to it. */
  isDeaf = false;
  /** Whether the network has swallowed it: nothing comes or goes, and nobody is told. */
  isDead = false;
  /** @type {(command: any) => boolean} which commands are never answered, nor done */
  swallows = () => false;
  /** @type {((type: string) => boolean)} what is held back until `release` */
  holds = () => false;
  /** @type {string[]} */
  #held = [];
  #isOver = false;

  /**
   * @param {Server} server
   * @param {string} username
   * @param {TransportHandlers} handlers
   */
  constructor(server, username, handlers) {
    this.server = server;
    this.username = username;
    this.handlers = handlers;
    server.attempts += 1;
    queueMicrotask(() => this.#begin());
  }

  #begin() {
    if (this.#isOver) return;
    if (!this.server.isUp) return this.end(1006);
    this.server.connections.push(this);
    this.handlers.onOpen(this);
    if (this.server.turnsAway) return this.end(this.server.turnsAway);
    if (!this.server.isGreeting) return;
    this.say({
      type: "ready",
      protocol: 1,
      heartbeat: this.server.heartbeat,
      online: this.server.online,
      epoch: this.server.epoch,
      limits: this.server.limits,
      user: {
        id: `id of ${this.username}`,
        username: this.username,
        display_name: this.username.toUpperCase(),
        avatar_url: null,
      },
      rooms: this.server.roomsOf(this.username).map((room) => room.seenBy(this.username)),
    });
  }

  /** Says one object, or several in one frame. @param {object | object[]} event */
  say(event) {
    const text = JSON.stringify(event);
    if (this.holds(/** @type {any} */ (event).type)) this.#held.push(text);
    else this.#deliver(text);
  }

  /** Lets go of what was held back. */
  release() {
    this.holds = () => false;
    for (const text of this.#held.splice(0)) this.#deliver(text);
  }

  /** @param {string} text */
  #deliver(text) {
    queueMicrotask(() => this.#isOver || this.isDead || this.handlers.onFrame(text));
  }

  /** Ends the connection from the server's side. @param {number} code */
  end(code) {
    if (this.#isOver) return;
    this.close();
    queueMicrotask(() => this.handlers.onClose(code));
  }

  /** The client's own end of it. */
  close() {
    this.#isOver = true;
    this.server.connections = this.server.connections.filter((other) => other !== this);
  }

  /** @param {string} text */
  send(text) {
    if (this.#isOver || this.isDead) return;
    const command = JSON.parse(text);
    this.server.received.push(command);
    queueMicrotask(() => this.#isOver || this.#obey(command));
  }

  /** @param {any} command */
  #obey(command) {
    const { ref } = command;
    if (command.type === "typing" || this.swallows(command)) return;
    const refusal = this.server.refuse(command, this);
    if (refusal) return this.say({ type: "error", ref, ...refusal });
    if (
      command.type === "message.send" &&
      !command.attachments.every((/** @type {string} */ id) => this.server.uploads.has(id))
    ) {
      return this.say({
        type: "error",
        ref,
        code: "not_found",
        detail: "An attachment is not there.",
      });
    }
    this.say({ type: "reply", ref, ...this.#done(command) });
  }

  /** @param {string[]} rooms */
  #unread(rooms) {
    const found = rooms.flatMap((id) => this.server.rooms.get(id) ?? []);
    return Object.fromEntries(
      found.map((room) => {
        const { position, number, read, unread } = room.seenBy(this.username);
        return [room.id, { position, number, read, unread }];
      }),
    );
  }

  /** @param {any} command */
  #done(command) {
    const room = this.server.rooms.get(command.room);
    const ofMessage = [...this.server.rooms.values()].find(({ messages }) =>
      messages.some(({ id }) => id === command.message),
    );
    const number = ofMessage?.messages.find(({ id }) => id === command.message)?.number ?? 0;
    /** @param {Message} message */
    const stored = (message) => ({ message, position: message.position });
    switch (command.type) {
      case "sync":
        for (const [id, position] of Object.entries(command.rooms)) {
          const asked = this.server.rooms.get(id);
          if (asked && asked.position !== position) this.say(asked.changes(Number(position)));
        }
        return {};
      case "message.send":
        return stored(/** @type {ServerRoom} */ (room).send(this.username, command.body, command));
      case "message.edit":
        return stored(/** @type {ServerRoom} */ (ofMessage).edit(number, command.body));
      case "message.delete":
        return stored(/** @type {ServerRoom} */ (ofMessage).delete(number));
      case "history":
        return room?.history(command);
      case "room.read":
        room?.read(this.username, command.number);
        return {};
      case "room.unread":
        return { rooms: this.#unread(command.rooms) };
      case "room.open": {
        const members = [this.username, ...command.members];
        return { room: this.server.open({ ...command, members }).seenBy(this.username) };
      }
      case "room.join":
        return { room: room?.seenBy(this.username) };
      case "people.get":
        return { people: command.usernames.map(person) };
      case "user.update":
        return { user: { ...person(this.username), display_name: command.display_name } };
      default:
        return {};
    }
  }
}

/** @param {string} username */
function person(username) {
  return { username, display_name: username.toUpperCase(), avatar_url: null };
}

/** @param {string} sender @param {string} clientId */
function identity(sender, clientId) {
  const hash = createHash("sha1")
    .update(sender + clientId)
    .digest("hex");
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, "$1-$2-$3-$4-$5");
}
