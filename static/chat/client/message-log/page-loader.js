import { sentMessage } from "./feed-message.js";

/** @typedef {import("../../protocol.js").Message} Message */
/** @typedef {import("../lib/errors.js").ChatError} ChatError */

/** Loads pages of one room's history, one at a time; what was asked for last counts. */
export class PageLoader {
  /** @type {"older" | "newer" | "jump" | null} what is being loaded */
  loading = null;
  /**
   * Why the page has not come yet that is being loaded, or why the last one will not come.
   * @type {ChatError | null}
   */
  error = null;
  /** @type {Promise<void> | null} the page that is being loaded */
  underway = null;

  /**
   * What came while a page was on its way, which may be newer than the page.
   * @type {Message[]}
   */
  #meanwhile = [];
  /** Aborted when what is held is dropped, so that a page asked for before is not taken. */
  #abort = new AbortController();
  #history;
  #changed;
  #came;

  /**
   * @param {{
   *   history: (
   *     page: {before?: number, after?: number},
   *     options: import("../retry/types.js").ReadOptions,
   *   ) => Promise<{messages: Message[], more: boolean}>,
   *   changed: () => void,
   *   came: (messages: Message[], meanwhile: Message[]) => void,
   * }} options `changed`: `loading` or `error` has; `came`: a page was taken, and before its answer
   *   these messages came
   */
  constructor({ history, changed, came }) {
    this.#history = history;
    this.#changed = changed;
    this.#came = came;
  }

  /**
   * @param {"older" | "newer" | "jump"} kind
   * @param {{before?: number, after?: number}} where
   * @param {(page: import("./types.js").FeedMessage[], more: boolean) => void} take
   * @returns {Promise<void>} rejects with what was refused
   */
  page(kind, where, take) {
    const { signal } = this.#abort;
    this.loading = kind;
    this.error = null;
    this.#meanwhile = [];
    this.#changed();
    const onWait = (/** @type {ChatError} */ error) => this.#failed(error);
    const load = async () => {
      try {
        const { messages, more } = await this.#history(where, { signal, onWait });
        if (signal.aborted) return;
        this.error = null;
        take(messages.map(sentMessage), more);
        this.#came(messages, this.#meanwhile);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(/** @type {ChatError} */ (error));
        throw error;
      } finally {
        if (!signal.aborted) {
          this.loading = null;
          this.underway = null;
          this.#meanwhile = [];
          this.#changed();
        }
      }
    };
    this.underway = load();
    return this.underway;
  }

  /** A message came, perhaps while a page is on its way. @param {Message} message */
  note(message) {
    if (this.loading) this.#meanwhile.push(message);
  }

  /** A page that is still on its way is not wanted any more. */
  supersede() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.underway = null;
    this.loading = null;
    this.error = null;
  }

  /** @param {ChatError} error */
  #failed(error) {
    this.error = error;
    this.#changed();
  }
}
