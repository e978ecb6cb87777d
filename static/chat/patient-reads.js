/** Asks until there is an answer, over lost connections and whatever else passes. */
export class PatientReads {
  /** @type {Set<AbortController>} of what is being asked */
  #underway = new Set();
  #patience;
  #attempt;

  /**
   * @param {{
   *   patience: import("./patience.js").Patience,
   *   attempt: (command: import("./types.js").AnyCommand, signal: AbortSignal) => Promise<any>,
   * }} options `attempt` asks once, as soon as there is a connection
   */
  constructor({ patience, attempt }) {
    this.#patience = patience;
    this.#attempt = attempt;
  }

  /**
   * @param {import("./types.js").AnyCommand} command
   * @param {import("./types.js").ReadOptions} options
   * @returns {Promise<any>} rejects with what the server refuses; `aborted` by the signal or by `abort`
   */
  async ask(command, { signal, onWait }) {
    const asking = new AbortController();
    const abort = () => asking.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    this.#underway.add(asking);
    try {
      const attempt = () => this.#attempt(command, asking.signal);
      return await this.#patience.keep(attempt, { signal: asking.signal, onWait });
    } finally {
      this.#underway.delete(asking);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Nobody wants the answers any more. */
  abort() {
    for (const asking of this.#underway) asking.abort();
  }
}
