import { Feed } from "../message-log/feed.js";
import { OwnView } from "../personal/own-view.js";
import { LIMITS } from "../lib/limits.js";
import { UserCache } from "../people/user-cache.js";
import { ReadReceipts } from "../reading/read-receipts.js";
import { Typing } from "../people/typing.js";
import { unsentMessages } from "../message-log/feed-message.js";
import { Unread } from "../reading/unread.js";

/** Commands after which one is in a room. */
const ENTERING = new Set(["room.open", "room.join", "room.accept"]);

/**
 * What the client knows, kept current by events: the person, their rooms and feeds, who is here.
 */
export class ClientState {
  /** @type {import("../../protocol.js").Me | null} */
  me = null;
  /** @type {Map<string, import("../../protocol.js").Room>} */
  rooms = new Map();
  /** @type {Set<string>} */
  online = new Set();
  /** Whether that is known: not without a connection. */
  isPresenceKnown = false;
  /** @type {Set<string>} */
  blocked = new Set();
  /** @type {import("../../protocol.js").RoomRequest[]} */
  requests = [];
  /** @type {string | null} the id of the server's history, where the server tells it */
  epoch = null;

  /** How much the server takes. */
  limits = LIMITS;

  /** @type {import("../../protocol.js").ReadyEvent | null} as the server said it last */
  #ready = null;
  /** @type {Map<string, Feed>} */
  #feeds = new Map();
  #reads;
  #unread;
  #host;

  /** @param {import("./types.js").ClientStateHost} host */
  constructor(host) {
    const { monotonic, setTimer } = host;
    this.#host = host;
    this.people = new UserCache({
      setTimer,
      request: (usernames) => host.read({ type: "people.get", usernames }),
      changed: () => host.tell("people"),
    });
    this.own = new OwnView({
      ask: (command, options) => host.read(command, options),
      changed: (id) => {
        const room = this.rooms.get(id);
        const favorite = this.own.isFavorite(id);
        if (room && room.favorite !== favorite) this.#update(room, { favorite });
      },
    });
    this.typing = new Typing({
      monotonic,
      setTimer,
      changed: (room) => host.tell("typing", { room }),
    });
    this.#reads = new ReadReceipts({
      setTimer,
      tell: (room, number, signal) => host.read({ type: "room.read", room, number }, { signal }),
    });
    this.#unread = new Unread({
      setTimer,
      ask: (rooms, signal) => host.read({ type: "room.unread", rooms }, { signal }),
      room: (id) => this.rooms.get(id),
      feed: (id) => this.#feeds.get(id),
      me: () => this.me?.username ?? "",
      counted: (room, unread) => this.#update(room, { unread }),
    });
  }

  /**
   * @param {string} roomId
   * @returns {Feed}
   */
  feed(roomId) {
    const known = this.#feeds.get(roomId);
    if (known) return known;
    const host = this.#host;
    const feed = new Feed(roomId, {
      state: () => this.rooms.get(roomId),
      unsent: () => this.#unsentIn(roomId),
      history: (page, options) => host.read({ type: "history", room: roomId, ...page }, options),
      changed: () => this.#host.tell("messages", { room: roomId }),
      missed: () => this.#host.missed(feed),
      applied: (message, isNew, before) => this.#applied(roomId, message, isNew, before),
      isTold: () => host.isTold(),
      told: (message, change) => {
        if (host.isTold()) host.tell("message", { room: roomId, message, change });
        if (change !== "sent") host.tell("message-changed", { room: roomId, message });
      },
      skipped: (after) => {
        this.#unread.doubt(roomId);
        host.tell("skipped", { room: roomId, after });
      },
    });
    this.#feeds.set(roomId, feed);
    return feed;
  }

  /** Whether nothing is known to be missing of a room, nor on its way. @param {string} room */
  isCurrent(room) {
    const feed = this.#feeds.get(room);
    return !feed || (!feed.isBehind && feed.loading === null);
  }

  /** The connection is lost: who comes and goes is not heard, and nobody types. */
  lost() {
    this.typing.clear();
    if (!this.isPresenceKnown) return;
    this.isPresenceKnown = false;
    this.online = new Set();
    this.#host.tell("presence");
  }

  /** What is unsent in a room has changed. @param {string} room */
  unsentChanged(room) {
    this.#feeds.get(room)?.changed();
  }

  /** @param {string} roomId */
  #unsentIn(roomId) {
    const next = (this.rooms.get(roomId)?.number ?? 0) + 1;
    const entries = this.#host.unsent().filter(({ room }) => room === roomId);
    return unsentMessages(entries, this.me?.username ?? "", next);
  }

  /** What a room is called; a direct one by the others in it. @param {string} roomId */
  nameOf(roomId) {
    const room = this.rooms.get(roomId);
    if (room?.kind !== "direct") return room?.name ?? "";
    const others = (room.members ?? []).filter((name) => name !== this.me?.username);
    return others.map((name) => this.people.get(name).display_name || name).join(", ");
  }

  /**
   * @param {string} roomId
   * @param {number} number
   */
  markRead(roomId, number) {
    const room = this.rooms.get(roomId);
    const read = Math.min(number, room?.number ?? 0);
    if (!room?.role || read <= room.read) return;
    this.#update(room, { read, unread: this.#unread.read(room, read) });
    this.#reads.mark(roomId, read);
  }

  /** Something is written in a room: who answers has read. @param {string} roomId */
  answering(roomId) {
    this.typing.isDone(roomId);
    this.markRead(roomId, this.rooms.get(roomId)?.number ?? 0);
  }

  /** Tells the server at once how far this person has read. */
  flushReads() {
    this.#reads.flush();
  }

  // -- Events ---------------------------------------------------------------------------------

  /** A new connection: what the server says replaces what was known. @param {import("../../protocol.js").ReadyEvent} event */
  welcome(event) {
    const { user, rooms, online, blocked = [], requests = [], epoch, limits = LIMITS } = event;
    this.#ready = event;
    this.limits = limits;
    if (this.me && this.me.id !== user.id) this.#forget(); // somebody else has signed in
    const known = this.me?.id === user.id ? this.rooms : null;
    const isRestored = this.epoch !== null && epoch !== undefined && epoch !== this.epoch;
    this.epoch = epoch ?? this.epoch;
    if (isRestored) {
      this.#reads.clear(); // they were numbers of other messages
      this.own.restored();
    }
    this.me = user;
    this.#unread.forget();
    this.own.greeted(event);
    this.rooms = new Map(rooms.map((room) => [room.id, this.#begun(room)]));
    this.online = new Set(online);
    this.isPresenceKnown = true;
    this.blocked = new Set(blocked);
    this.requests = requests;
    this.people.forget();
    this.people.put(user);
    for (const id of this.#feeds.keys()) if (!this.rooms.has(id)) this.#feeds.delete(id);
    for (const id of this.rooms.keys()) {
      const feed = this.feed(id);
      if (isRestored) feed.forget();
      else if (known && !known.has(id)) feed.enter();
      else feed.resume();
    }
    this.#reads.flush();
    this.#host.tell("rooms");
    this.#host.tell("presence");
    this.#host.tell("blocked");
    this.#host.tell("requests");
    if (isRestored) this.#host.tell("restored");
  }

  /** A room that is told for the first time, or anew. @param {import("../../protocol.js").Room} room */
  #begun(room) {
    const counted = { ...this.own.shown(room), unread: this.#unread.begin(room) };
    const read = this.#reads.merged(room.id, room.read);
    return read > room.read
      ? { ...counted, read, unread: this.#unread.read(counted, read) }
      : counted;
  }

  /**
   * What the server would greet this person with now: what it said, and what events changed since.
   * @returns {import("../../protocol.js").ReadyEvent | null}
   */
  get greeting() {
    const { me, rooms, online, blocked, requests } = this;
    if (!this.#ready || !me) return null;
    // Whoever is greeted asks for what is in doubt.
    const told = [...rooms.values()].map((room) =>
      this.#unread.doubts.has(room.id) ? { ...room, unread: /** @type {any} */ (undefined) } : room,
    );
    return {
      ...this.#ready,
      user: me,
      rooms: told,
      online: [...online],
      blocked: [...blocked],
      requests,
      me_version: this.#ready.me_version === undefined ? this.#ready.me_version : this.own.version,
    };
  }

  #forget() {
    this.own.forget();
    this.#feeds.clear();
    this.#reads.clear();
    this.typing.clear();
  }

  /** Applies an event; types that are not known are ignored. @param {{type: string}} event */
  apply(event) {
    const handlers = /** @type {Record<string, (event: any) => void>} */ (this.#handlers);
    if (Object.hasOwn(handlers, event.type)) handlers[event.type](event);
  }

  #handlers = {
    /** @param {import("../../protocol.js").MessageEvent} event */
    message: (event) => {
      this.typing.stopped(event.room, event.message.sender);
      this.#feeds.get(event.room)?.apply(event);
    },
    /** @param {import("../../protocol.js").ChangesEvent} event */
    changes: (event) => this.#feeds.get(event.room)?.apply(event),
    /** @param {import("../../protocol.js").HeadsEvent} event */
    heads: ({ rooms }) => {
      for (const [room, position] of Object.entries(rooms)) {
        this.#feeds.get(room)?.noteHead(position);
      }
    },
    /** @param {import("../../protocol.js").RoomEvent} event */
    room: ({ room }) => this.roomSeen(room),
    /** @param {import("../../protocol.js").RoomRemovedEvent} event */
    "room.removed": ({ room, reason, name, by }) => {
      const known = this.rooms.get(room);
      if (known && reason === "removed") {
        this.#host.tell("removed", {
          room,
          name: name ?? known.name,
          by: by ?? null,
          position: known.position,
        });
      }
      this.#feeds.delete(room);
      this.#unread.drop(room);
      if (this.rooms.delete(room)) this.#host.tell("rooms");
      this.#host.tell("messages", { room });
    },
    /** @param {import("../../protocol.js").ReadEvent} event */
    read: ({ room: roomId, user, number }) => {
      const room = this.rooms.get(roomId);
      if (room && user === this.me?.username && number > room.read) {
        this.#update(room, { read: number, unread: this.#unread.read(room, number) });
      }
    },
    /** @param {import("../../protocol.js").MeChangedEvent} event */
    "me.changed": (event) => this.own.hear(event),
    /** @param {import("../../protocol.js").TypingEvent} event */
    typing: ({ room, user }) => {
      if (user !== this.me?.username && !this.blocked.has(user)) this.typing.started(room, user);
    },
    /** @param {import("../../protocol.js").PresenceEvent} event */
    presence: ({ user, state }) => {
      if (state === "online") this.online.add(user);
      else this.online.delete(user);
      this.#host.tell("presence", { user });
    },
    /** @param {import("../../protocol.js").PersonEvent} event */
    person: ({ person }) => this.personSeen(person),
    /** @param {import("../../protocol.js").BlockedEvent} event */
    blocked: ({ usernames }) => {
      this.blocked = new Set(usernames);
      this.#host.tell("blocked");
    },
    /** @param {import("../../protocol.js").RequestsEvent} event */
    requests: ({ requests }) => {
      this.requests = requests;
      this.#host.tell("requests");
    },
  };

  /**
   * What the reply to one's own command tells. An event says the same, but who asked wants to go on
   * with what they have just opened.
   * @param {string} type of the command
   * @param {any} reply
   */
  answered(type, reply) {
    if (ENTERING.has(type)) this.roomSeen(reply.room);
    if (type === "room.favorite") {
      this.own.hear({ version: reply.change.version, changes: [reply.change] });
    }
    if (type === "user.update") this.personSeen(reply.user);
  }

  /** A room's state, from an event or a reply. @param {import("../../protocol.js").Room} room */
  roomSeen(room) {
    const known = this.rooms.get(room.id);
    if (known) {
      // It may have been read before, or after, events that this client has had.
      const read = Math.max(room.read, known.read);
      this.rooms.set(room.id, {
        ...this.own.shown(room),
        position: Math.max(room.position, known.position),
        number: Math.max(room.number, known.number),
        read,
        unread: read > known.read ? this.#unread.read(known, read) : known.unread,
        put_away: room.put_away && room.number >= known.number,
      });
    } else {
      this.rooms.set(room.id, this.#begun(room));
      this.feed(room.id).enter();
      this.#host.tell("rooms");
    }
    this.#host.tell("room", { room: room.id });
  }

  /** Someone's names, from an event or a reply. @param {import("../../protocol.js").Person} person */
  personSeen(person) {
    const { username, display_name, avatar_url } = person;
    if (this.me?.username === username) this.me = { ...this.me, display_name, avatar_url };
    this.people.put(person);
  }

  /** A message's state, from the reply to a command. @param {{message: import("../../protocol.js").Message, position: number}} reply */
  settle({ message, position }) {
    this.#feeds.get(message.room)?.settle(position, message);
  }

  /**
   * @param {string} roomId
   * @param {import("../../protocol.js").Message} message
   * @param {boolean} isNew
   * @param {import("../message-log/types.js").FeedMessage} [before] what was held of it
   */
  #applied(roomId, message, isNew, before) {
    const isMine = message.sender === this.me?.username;
    if (isMine) this.#host.acknowledge(message);
    const room = this.rooms.get(roomId);
    if (!room) return;
    const position = Math.max(room.position, message.position);
    const number = Math.max(room.number, message.number);
    const more = this.#unread.applied(room, message, before);
    if (position > room.position || number > room.number || more !== 0) {
      const put_away = room.put_away && number === room.number;
      this.#update(room, { position, number, put_away, unread: Math.max(0, room.unread + more) });
    }
    if (!isNew || message.deleted) return;
    if (isMine) {
      // It may have waited for the line or for its files, and what came meanwhile is not read.
      if (this.rooms.get(roomId)?.unread === 0) this.markRead(roomId, message.number);
      return;
    }
    if (this.blocked.has(message.sender)) return;
    const isForMe = message.mentions.includes(this.me?.username ?? "");
    if ((isForMe || room.kind === "direct") && message.number > room.read) {
      this.#host.tell("mention", { room: roomId, message });
    }
  }

  /**
   * @param {import("../../protocol.js").Room} room
   * @param {Partial<import("../../protocol.js").Room>} change
   */
  #update(room, change) {
    this.rooms.set(room.id, { ...room, ...change });
    this.#host.tell("room", { room: room.id });
  }
}
