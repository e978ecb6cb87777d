/**
 * @typedef {import("../../../static/chat/client/types.js").TransportHandlers} TransportHandlers
 * @typedef {import("../../../static/chat/protocol.js").Message} Message
 * @typedef {import("./server.js").Server} Server
 * @typedef {import("./server-room.js").ServerRoom} ServerRoom
 */

/** A person's connection to the server in memory: commands in, replies and events out. */
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
      me_version: this.server.hasPersonalLogs
        ? this.server.personal(this.username).version
        : undefined,
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
      case "room.favorite":
        return {
          change: this.server.personal(this.username).change("favorite", command.room, command.on),
        };
      case "me.sync":
        return this.server.personal(this.username).page(command.after);
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
