import { deferred } from "../lib/deferred.js";

/** Who waits for messages to be stored, by `client_id`. */
export class Acknowledgements {
  /**
   * @type {Map<string, {
   *   promise: Promise<any>,
   *   resolve: (reply: any) => void,
   *   reject: (error: import("../lib/errors.js").ChatError) => void,
   * }>}
   */
  #waiting = new Map();

  /** @param {string} clientId @returns {Promise<any>} the reply, when the message is stored */
  of(clientId) {
    const waiting = this.#waiting.get(clientId) ?? deferred();
    this.#waiting.set(clientId, waiting);
    return waiting.promise;
  }

  /** @param {string} clientId @param {object} reply */
  resolve(clientId, reply) {
    this.#waiting.get(clientId)?.resolve(reply);
    this.#waiting.delete(clientId);
  }

  /** @param {string} clientId @param {import("../lib/errors.js").ChatError} error */
  reject(clientId, error) {
    this.#waiting.get(clientId)?.reject(error);
    this.#waiting.delete(clientId);
  }

  /** @param {import("../lib/errors.js").ChatError} error */
  rejectAll(error) {
    for (const clientId of [...this.#waiting.keys()]) this.reject(clientId, error);
  }
}
