import { commandOf } from "./message-fields.js";

/** @typedef {import("./types.js").Unsent} Unsent */
/** @typedef {import("../lib/errors.js").ChatError} ChatError */

/** Sends messages, in each room one at a time, until the server has them or refuses them. */
export class RoomSends {
  /** @type {Map<string, {clientId: string, abort: AbortController}>} what each room waits for */
  #underway = new Map();
  #transmit;
  #retries;
  #mayPass;
  #waits;
  #stored;
  #refused;
  #ended;

  /**
   * @param {{
   *   transmit: (command: import("../lib/commands.js").AnyCommand) => Promise<any>,
   *   retries: import("../retry/retries.js").Retries,
   *   mayPass: (clientId: string, error: unknown) => boolean,
   *   waits: (clientId: string, error: ChatError) => void,
   *   stored: (reply: any) => void,
   *   refused: (entry: Unsent, error: ChatError, signal: AbortSignal) => Promise<void>,
   *   ended: () => void,
   * }} options `mayPass`: whether a message is sent again after an error; `waits`: it will be;
   *   `stored`, `refused`: what has become of it; `ended`: its room can go on
   */
  constructor({ transmit, retries, mayPass, waits, stored, refused, ended }) {
    this.#transmit = transmit;
    this.#retries = retries;
    this.#mayPass = mayPass;
    this.#waits = waits;
    this.#stored = stored;
    this.#refused = refused;
    this.#ended = ended;
  }

  /** The `client_id` of the message that a room waits for. @param {string} room */
  underway(room) {
    return this.#underway.get(room)?.clientId;
  }

  /** @param {string} room */
  abort(room) {
    this.#underway.get(room)?.abort.abort();
  }

  /** The connection is gone: no room waits for an answer. */
  abortAll() {
    for (const { abort } of this.#underway.values()) abort.abort();
    this.#underway.clear();
  }

  /** @param {Unsent} entry */
  async send(entry) {
    const { room, client_id } = entry;
    const abort = new AbortController();
    this.#underway.set(room, { clientId: client_id, abort });
    try {
      const reply = await this.#retries.run(() => this.#transmit(commandOf(entry)), {
        signal: abort.signal,
        mayPass: (error) => this.#mayPass(client_id, error),
        onWait: (error) => this.#waits(client_id, error),
      });
      this.#stored(reply);
    } catch (error) {
      if (!abort.signal.aborted)
        await this.#refused(entry, /** @type {ChatError} */ (error), abort.signal);
    }
    if (this.#underway.get(room)?.abort === abort) this.#underway.delete(room);
    this.#ended();
  }
}
