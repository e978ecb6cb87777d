import { fullJitter } from "../lib/backoff.js";
import { takenBack } from "../lib/errors.js";
import { ErrorCode } from "../../protocol.js";

/** What may be gone the next time. Everything else that the server says it would say again. */
const PASSING = new Set(["network", "timeout", ErrorCode.RATE_LIMITED, ErrorCode.SERVER_ERROR]);
/** Between two attempts lie at least `least` and at most `least + cap`, in milliseconds. */
const WAITS = { least: 500, base: 500, cap: 10_000 };
/** For how long at most a server is left alone because it asked for it, in milliseconds. */
const LEFT_ALONE = 5 * 60_000;

/** @typedef {import("./types.js").RetryOptions} RetryOptions */
/** @typedef {import("../lib/errors.js").ChatError} ChatError */

/**
 * Whether something failed for a reason that passes.
 * @param {unknown} error
 */
export const passes = (error) => PASSING.has(/** @type {{code?: string}} */ (error)?.code ?? "");

/**
 * Tries again what failed for a reason that passes, after growing random pauses: messages,
 * pages, marks, files. All of a client's share one, so that they come right together: as soon
 * as one of them finds the server well again, the others are tried at once.
 */
export class Retries {
  /** Wakes each that waits; and why it waits. @type {Map<() => void, ChatError>} */
  #waiting = new Map();
  /** @type {Map<symbol, ChatError>} what the server has failed on, until it works or is given up */
  #failing = new Map();
  #random;
  #setTimer;
  #changed;

  /**
   * @param {{
   *   random: () => number,
   *   setTimer: import("../lib/types.js").SetTimer,
   *   changed: () => void,
   * }} options `changed`: {@link Retries#trouble} is another one
   */
  constructor({ random, setTimer, changed }) {
    this.#random = random;
    this.#setTimer = setTimer;
    this.#changed = changed;
  }

  /**
   * Why something is being tried again although there is a connection, or null.
   * @returns {ChatError | null}
   */
  get trouble() {
    return [...this.#failing.values()].at(-1) ?? null;
  }

  /**
   * Does something until it succeeds, or fails for good. It must do no harm when done twice.
   *
   * @template T
   * @param {() => Promise<T>} attempt
   * @param {RetryOptions} [options]
   * @returns {Promise<T>} rejects with the last error, or `aborted` by the signal
   */
  async run(attempt, { signal, mayPass = passes, onWait, waits = {} } = {}) {
    const self = Symbol();
    /** @type {ChatError | null} */
    let last = null;
    try {
      for (let failures = 0; ; failures++) {
        try {
          const result = await attempt();
          if (last) this.#recovered(last);
          return result;
        } catch (error) {
          if (signal?.aborted) throw takenBack();
          if (!mayPass(error)) throw error;
          last = /** @type {ChatError} */ (error);
        }
        this.#note(self, last);
        onWait?.(last);
        const isWoken = await this.#pause(failures, { ...WAITS, ...waits }, last, signal);
        // A server that comes back may fail on some of it once more: that shall not take long again.
        if (isWoken) failures = -1;
      }
    } finally {
      if (this.#failing.delete(self)) this.#changed();
    }
  }

  /** Tries everything that waits now: the person asked for it, or there is a new connection. */
  wake() {
    for (const wake of [...this.#waiting.keys()]) wake();
  }

  /** The server did what it had failed on. @param {ChatError} before */
  #recovered(before) {
    // A limit lets one more through and not all of them.
    if (before.code === ErrorCode.RATE_LIMITED) return;
    for (const [wake, { code }] of [...this.#waiting]) if (code !== ErrorCode.RATE_LIMITED) wake();
  }

  /**
   * @param {symbol} self
   * @param {ChatError} error
   */
  #note(self, error) {
    // Of a lost connection the client's state tells.
    if (error.code === "network") return;
    this.#failing.set(self, error);
    this.#changed();
  }

  /**
   * @param {number} failures
   * @param {{least: number, base: number, cap: number}} waits
   * @param {ChatError} error
   * @param {AbortSignal} [signal]
   * @returns {Promise<boolean>} whether it was woken
   */
  #pause(failures, { least, ...bounds }, error, signal) {
    return new Promise((resolve, reject) => {
      const end = (isWoken = false) => {
        stop();
        this.#waiting.delete(wake);
        signal?.removeEventListener("abort", abort);
        resolve(isWoken);
      };
      const wake = () => end(true);
      const abort = () => {
        reject(takenBack());
        end();
      };
      const asked = Math.min(1000 * (error.retryAfter ?? 0), LEFT_ALONE);
      const stop = this.#setTimer(
        end,
        Math.max(least, asked) + fullJitter(failures, this.#random, bounds),
      );
      this.#waiting.set(wake, error);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
