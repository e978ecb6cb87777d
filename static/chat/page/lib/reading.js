import { awayReason, waitWords } from "./waits.js";

/**
 * What a component reads of the server: asked until there is an answer, or the component is gone,
 * or asks something else. The component draws {@link Reading#wait} and {@link Reading#error}.
 */
export class Reading {
  /** Why there is no answer yet, to be shown; '' while all is well. */
  wait = "";
  /** Why there will be none, to be shown. */
  error = "";
  #abort = new AbortController();
  #host;

  /** @param {import("./element.js").ChatElement} host */
  constructor(host) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected() {
    this.#abort.abort();
  }

  /** The answer is not wanted any more. */
  end() {
    this.#abort.abort();
    this.#say({});
  }

  /**
   * @template {import("../../client/types.js").Sendable} C
   * @param {C} command
   * @returns {Promise<import("../../client/types.js").Replies[C["type"]] | null>} null when it was refused,
   *   or is not wanted any more
   */
  async ask(command) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const { client } = this.#host;
    this.#say({
      wait: client.state === "online" ? "" : `${awayReason()}. It is tried again by itself.`,
    });
    try {
      const reply = await client.read(command, {
        signal,
        onWait: (error) => this.#say({ wait: waitWords(error) }),
      });
      if (signal.aborted) return null;
      this.#say({});
      return reply;
    } catch (error) {
      if (!signal.aborted) {
        const { detail } = /** @type {{detail?: string}} */ (error);
        this.#say({ error: detail || "This could not be loaded." });
      }
      return null;
    }
  }

  /** @param {{wait?: string, error?: string}} words */
  #say({ wait = "", error = "" }) {
    this.wait = wait;
    this.error = error;
    this.#host.requestUpdate();
  }
}
