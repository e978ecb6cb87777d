/**
 * What a client knows of the chat, kept current by its store: the part of {@link ChatClient} that
 * asks the server nothing.
 *
 * @typedef {import("../chat-client.js").ChatClient} ChatClient
 */
export class KnownChat extends EventTarget {
  #store;

  /** @param {import("./client-state.js").Store} store */
  constructor(store) {
    super();
    this.#store = store;
  }

  /** '' before the server has greeted us. */
  get username() {
    return this.#store.me?.username ?? "";
  }

  /** The person who is signed in, or null before the server has said so. */
  get me() {
    return this.#store.me;
  }

  /**
   * The `ready` that the server would send now, for another client that shares this one's
   * connection; null before the first.
   * @returns {import("../../protocol.js").ReadyEvent | null}
   */
  get greeting() {
    return this.#store.greeting;
  }

  /**
   * The id of the server's history, which changes at a restore; null while it is not known.
   * @returns {string | null}
   */
  get epoch() {
    return this.#store.epoch;
  }

  /**
   * How much the server takes: characters (code points) of one message, bytes of one file, files of
   * one message, bytes of one frame.
   * @returns {import("../../protocol.js").Limits}
   */
  get limits() {
    return this.#store.limits;
  }

  /** Rooms by id, kept current. @returns {ReadonlyMap<string, import("../../protocol.js").Room>} */
  get rooms() {
    return this.#store.rooms;
  }

  /** Whether it is known who is here: not without a connection. */
  get isPresenceKnown() {
    return this.#store.isPresenceKnown;
  }

  /** Usernames of those who are here now; none while that is not known. @returns {ReadonlySet<string>} */
  get online() {
    return this.#store.online;
  }

  /** Usernames of those whom this person has blocked. @returns {ReadonlySet<string>} */
  get blocked() {
    return this.#store.blocked;
  }

  /** The rooms into which strangers ask this person; answer by `room.accept` or `room.refuse`. */
  get requests() {
    return this.#store.requests;
  }

  /**
   * A room's messages. The same object as long as the person is in the room.
   * @param {string} room
   */
  feed(room) {
    return this.#store.feed(room);
  }

  /**
   * How someone is called. Who is not known yet is asked for; `people` tells when they are.
   * @param {string} username
   */
  person(username) {
    return this.#store.people.get(username);
  }

  /**
   * Whether somebody else whom this client knows is called the same, or looks so, or has that name
   * for a username: then show both the name and the username.
   * @param {string} username
   */
  isAmbiguous(username) {
    return this.#store.people.isAmbiguous(username);
  }

  /** Usernames of those who are typing in a room now. @param {string} room */
  typing(room) {
    return this.#store.typing.in(room);
  }
}
