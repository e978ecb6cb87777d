import { ErrorCode, FRAME_LIMIT } from "../../protocol.js";
import { ChatError, timedOut } from "../lib/errors.js";

/** A command's answer is given up after this, in milliseconds. */
const TIMEOUT = 30_000;

/** Commands that wait for their answer, matched by `ref`. */
export class Requests {
  /** @type {Map<string, {resolve: (reply: any) => void, reject: (error: ChatError) => void}>} */
  #waiting = new Map();
  // Counts on over all sockets: a late answer never meets another command's ref.
  #last = 0;
  #setTimer;
  #late;

  /**
   * @param {{setTimer: import("../lib/types.js").SetTimer, late: () => void}} options `late`: a command got
   *   no answer in time
   */
  constructor({ setTimer, late }) {
    this.#setTimer = setTimer;
    this.#late = late;
  }

  /**
   * Sends a command and resolves to its reply.
   *
   * @param {import("./types.js").Socket} socket
   * @param {import("../lib/commands.js").AnyCommand} command
   * @param {{timeout?: number}} [options] in milliseconds
   * @returns {Promise<any>} rejects with a {@link ChatError}
   */
  async issue(socket, command, { timeout = TIMEOUT } = {}) {
    const ref = String(++this.#last);
    const text = JSON.stringify({ ...command, ref });
    // A larger frame would end the connection.
    if (new TextEncoder().encode(text).length > FRAME_LIMIT) {
      throw new ChatError(
        ErrorCode.TOO_LARGE,
        "This is too long to send. Shorten it, or send a file.",
      );
    }
    return new Promise((resolve, reject) => {
      const forget = this.#setTimer(() => {
        this.#waiting.delete(ref);
        reject(timedOut());
        this.#late();
      }, timeout);
      this.#waiting.set(ref, {
        resolve: (reply) => (forget(), resolve(reply)),
        reject: (error) => (forget(), reject(error)),
      });
      socket.send(text);
    });
  }

  /** @param {import("../lib/commands.js").Answer} answer */
  settle(answer) {
    const waiting = this.#waiting.get(answer.ref);
    this.#waiting.delete(answer.ref);
    if (answer.type === "error") waiting?.reject(new ChatError(answer.code, answer.detail));
    else waiting?.resolve(answer);
  }

  /** Rejects all that wait. @param {ChatError} error */
  abandon(error) {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
