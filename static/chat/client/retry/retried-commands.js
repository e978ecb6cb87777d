import { Stopwatch } from "../lib/durations.js";
import { takenBack } from "../lib/errors.js";
import { ErrorCode } from "../../protocol.js";

/** For how long a command that writes is sent again while there is no answer, in milliseconds. */
const WRITE_TIMEOUT = 2 * 60_000;
/** After these nobody knows whether it was done. */
const UNANSWERED = new Set(["network", "timeout", ErrorCode.SERVER_ERROR]);
/**
 * Commands that write and change nothing when they are done a second time; and the fields that say
 * to what they are done.
 * @type {Record<string, string[]>}
 */
const REPEATABLE = {
  "message.edit": ["message"],
  "message.delete": ["message"],
  "message.react": ["message", "emoji"],
  "message.report": ["message"],
  "room.join": ["room"],
  "room.put_away": ["room"],
  "room.favorite": ["room"],
  "room.rename": ["room"],
  "room.add": ["room", "members"],
  "room.role": ["room", "member"],
  "person.block": ["username"],
  "user.update": [],
};

/** @typedef {import("../lib/commands.js").AnyCommand} AnyCommand */
/** @typedef {import("./types.js").ReadOptions} ReadOptions */

/** Sends commands again that may be sent twice and got no answer. */
export class RetriedCommands {
  /** @type {Set<AbortController>} of what waits for its answer */
  #underway = new Set();
  /** @type {Map<string, AbortController>} the newest write to each target */
  #newest = new Map();
  #retries;
  #isOnline;
  #arrival;
  #issue;
  #clocks;
  #setTimer;

  /**
   * @param {{
   *   retries: import("./retries.js").Retries,
   *   isOnline: () => boolean,
   *   arrival: (signal: AbortSignal) => Promise<void>,
   *   issue: (command: AnyCommand) => Promise<any>,
   *   setTimer: import("../lib/types.js").SetTimer,
   * } & import("../lib/durations.js").Clocks} options `arrival` waits for a connection; `issue` sends once,
   *   and rejects where there is none
   */
  constructor({ retries, isOnline, arrival, issue, now, monotonic, setTimer }) {
    this.#retries = retries;
    this.#isOnline = isOnline;
    this.#arrival = arrival;
    this.#issue = issue;
    this.#clocks = { now, monotonic };
    this.#setTimer = setTimer;
  }

  /**
   * Sends a command that reads until there is an answer. It may be asked before there is a connection.
   *
   * @param {AnyCommand} command
   * @param {ReadOptions} options
   * @returns {Promise<any>} rejects with what the server refuses; `aborted` by the signal or by `abort`
   */
  read(command, { signal, onWait }) {
    return this.#abortable(signal, async (asking) => {
      const attempt = async () => {
        await this.#arrival(asking.signal);
        return this.#issue(command);
      };
      return this.#retries.run(attempt, { signal: asking.signal, onWait });
    });
  }

  /**
   * Sends a command that writes. One that may be done twice is sent again for two minutes; of those
   * with the same target only the newest, so that an older wish never comes after it.
   *
   * @param {AnyCommand} command
   * @param {ReadOptions} options
   * @returns {Promise<any>} rejects with what the server refuses, or with why there was no answer;
   *   `aborted` by the signal, by a newer command or by `abort`
   */
  async write(command, { signal, onWait }) {
    const target = targetOf(command);
    // What could not even be sent is not sent later, behind the person's back.
    if (target === null || !this.#isOnline()) return this.#issue(command);
    if (signal?.aborted) throw takenBack();
    return this.#abortable(signal, async (asking) => {
      this.#newest.get(target)?.abort();
      this.#newest.set(target, asking);
      try {
        return await this.#repeat(command, asking, onWait);
      } finally {
        if (this.#newest.get(target) === asking) this.#newest.delete(target);
      }
    });
  }

  /** Nobody wants the answers any more. */
  abort() {
    for (const asking of this.#underway) asking.abort();
  }

  /**
   * @param {AbortSignal | undefined} signal
   * @param {(asking: AbortController) => Promise<any>} ask
   */
  async #abortable(signal, ask) {
    const asking = new AbortController();
    const abort = () => asking.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    this.#underway.add(asking);
    try {
      return await ask(asking);
    } finally {
      this.#underway.delete(asking);
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * @param {AnyCommand} command
   * @param {AbortController} asking
   * @param {ReadOptions["onWait"]} onWait
   */
  async #repeat(command, asking, onWait) {
    const { signal } = asking;
    const stopwatch = new Stopwatch(this.#clocks);
    let isOver = false;
    const isLate = () => isOver || stopwatch.elapsed >= WRITE_TIMEOUT;
    /** @type {unknown} */
    let last = null;
    const attempt = async () => {
      if (last) await this.#arrival(signal);
      // The machine may have slept, and after hours nobody expects what was asked before.
      if (last && isLate()) throw last;
      return this.#issue(command);
    };
    const mayPass = (/** @type {any} */ error) => {
      last = error;
      return UNANSWERED.has(error?.code) && !isLate();
    };
    const stop = this.#setTimer(() => {
      isOver = true;
      asking.abort();
    }, WRITE_TIMEOUT);
    try {
      return await this.#retries.run(attempt, { signal, onWait, mayPass });
    } catch (error) {
      throw isOver ? (last ?? error) : error;
    } finally {
      stop();
    }
  }
}

/**
 * What a command is done to.
 * @param {AnyCommand} command
 * @returns {string | null} null where it may not be done twice
 */
function targetOf(command) {
  // A second direct room of the same people is the first; a second group is another one.
  const isDirect = command.type === "room.open" && command.kind === "direct";
  const fields = isDirect ? ["members"] : REPEATABLE[command.type];
  return fields ? JSON.stringify([command.type, ...fields.map((field) => command[field])]) : null;
}
