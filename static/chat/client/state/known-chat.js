/**
 * What a client knows of the chat, kept current by its state: the part of `ChatClient` that
 * asks the server nothing.
 */
export class KnownChat extends EventTarget {
  #state;

  /** @param {import("./client-state.js").ClientState} state */
  constructor(state) {
    super();
    this.#state = state;
  }

  /** '' before the server has greeted us. */
  get username() {
    return this.#state.me?.username ?? "";
  }

  /** The person who is signed in, or null before the server has said so. */
  get me() {
    return this.#state.me;
  }

  /**
   * The `ready` that the server would send now, for another client that shares this one's
   * connection; null before the first.
   * @returns {import("../../protocol.js").ReadyEvent | null}
   */
  get greeting() {
    return this.#state.greeting;
  }

  /**
   * The id of the server's history, which changes at a restore; null while it is not known.
   * @returns {string | null}
   */
  get epoch() {
    return this.#state.epoch;
  }

  /**
   * How much the server takes: characters (code points) of one message, bytes of one file, files of
   * one message, bytes of one frame.
   * @returns {import("../../protocol.js").Limits}
   */
  get limits() {
    return this.#state.limits;
  }

  /** Rooms by id, kept current. @returns {ReadonlyMap<string, import("../../protocol.js").Room>} */
  get rooms() {
    return this.#state.rooms;
  }

  /** Whether it is known who is here: not without a connection. */
  get isPresenceKnown() {
    return this.#state.isPresenceKnown;
  }

  /** Usernames of those who are here now; none while that is not known. @returns {ReadonlySet<string>} */
  get online() {
    return this.#state.online;
  }

  /** Usernames of those whom this person has blocked. @returns {ReadonlySet<string>} */
  get blocked() {
    return this.#state.blocked;
  }

  /** The rooms into which strangers ask this person; answer by `room.accept` or `room.refuse`. */
  get requests() {
    return this.#state.requests;
  }

  /**
   * A room's messages. The same object as long as the person is in the room.
   * @param {string} room
   */
  feed(room) {
    return this.#state.feed(room);
  }

  /**
   * How someone is called. Who is not known yet is asked for; `people` tells when they are.
   * @param {string} username
   */
  person(username) {
    return this.#state.people.get(username);
  }

  /**
   * Whether somebody else whom this client knows is called the same, or looks so, or has that name
   * for a username: then show both the name and the username.
   * @param {string} username
   */
  isAmbiguous(username) {
    return this.#state.people.isAmbiguous(username);
  }

  /** Usernames of those who are typing in a room now. @param {string} room */
  typing(room) {
    return this.#state.typing.in(room);
  }
}
