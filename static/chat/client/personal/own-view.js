import { Favorites } from "./favorites.js";
import { PersonalLog } from "./personal-log.js";

/** @typedef {import("../../protocol.js").Room} Room */

/** What this person has made of the chat for themselves alone, in step with their other devices. */
export class OwnView {
  #log;
  #favorites;

  /**
   * @param {{
   *   ask: (
   *     command: import("../lib/commands.js").Sendable,
   *     options: import("../retry/types.js").ReadOptions,
   *   ) => Promise<any>,
   *   changed: (room: string) => void,
   * }} options `ask` asks until there is an answer or a refusal; `changed`: a room shows otherwise
   */
  constructor({ ask, changed }) {
    this.#log = new PersonalLog({
      ask: (after, signal) => ask({ type: "me.sync", after }, { signal }),
      changed: (changes) => {
        this.#favorites.settle();
        for (const { kind, room } of changes) if (kind === "favorite" && room) changed(room);
      },
    });
    this.#favorites = new Favorites({
      log: this.#log,
      tell: (room, on, signal) => ask({ type: "room.favorite", room, on }, { signal }),
      changed,
    });
  }

  /** The newest `me_version` that was heard of. */
  get version() {
    return this.#log.newest;
  }

  /** There is a new connection. @param {import("../../protocol.js").ReadyEvent} event */
  greeted({ me_version }) {
    this.#log.greeted(me_version);
    this.#favorites.resume();
  }

  /** @param {{version: number, changes: import("../../protocol.js").PersonalChange[]}} event */
  hear(event) {
    this.#log.hear(event);
  }

  /** A room as it shows to this person. @param {Room} room @returns {Room} */
  shown(room) {
    this.#favorites.told(room.id, room.favorite);
    return { ...room, favorite: this.isFavorite(room.id) };
  }

  /** @param {string} room */
  isFavorite(room) {
    return this.#favorites.has(room);
  }

  /** @param {string} room @param {boolean} on */
  setFavorite(room, on) {
    return this.#favorites.set(room, on);
  }

  /** Another history, with versions of its own. */
  restored() {
    this.#log.forget();
    this.#favorites.restored();
  }

  /** Another person. */
  forget() {
    this.#favorites.forget();
    this.#log.forget();
  }
}
