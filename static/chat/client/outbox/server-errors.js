import { FailingTime } from "../lib/durations.js";
import { passes } from "../retry/retries.js";
import { ErrorCode } from "../../protocol.js";

/**
 * A message that the server has failed on for this long is shown as failed, in milliseconds: no
 * outage takes a day, and then it is this message that the server cannot take.
 */
const SERVER_ERRORS_LIMIT = 24 * 60 * 60_000;

/** For how long the server has failed on each message. */
export class ServerErrors {
  /** @type {Map<string, FailingTime>} by client_id */
  #failing = new Map();
  #monotonic;

  /** @param {() => number} monotonic in milliseconds */
  constructor(monotonic) {
    this.#monotonic = monotonic;
  }

  /**
   * Whether a message that met this error is worth another attempt.
   * @param {string} clientId
   * @param {unknown} error
   */
  mayPass(clientId, error) {
    if (/** @type {import("../lib/errors.js").ChatError} */ (error).code !== ErrorCode.SERVER_ERROR)
      return passes(error);
    const failing = this.#failing.get(clientId) ?? new FailingTime(this.#monotonic);
    this.#failing.set(clientId, failing);
    return failing.failed() < SERVER_ERRORS_LIMIT;
  }

  /** @param {string} clientId */
  forget(clientId) {
    this.#failing.delete(clientId);
  }
}
