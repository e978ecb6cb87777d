import { FeedWindow } from "./feed-window.js";
import { PageLoader } from "./page-loader.js";

/** How many messages are asked for at once. */
const PAGE = 50;

/** @typedef {import("../../protocol.js").Message} Message */
/** @typedef {import("./types.js").FeedMessage} FeedMessage */

/**
 * A window that is moved over a source of messages by pages, to both sides and to any place. A room's
 * feed is one; whatever has keys in an order and answers pages can be another.
 */
export class PagedWindow {
  /** False until the first page is there. */
  loaded = false;

  #window;
  #loader;
  #source;
  #changed;
  #replaced;

  /**
   * @param {import("./types.js").WindowSource} source
   * @param {{
   *   changed: () => void,
   *   came: (messages: Message[]) => void,
   *   replaced?: (end: number) => void,
   * }} on `changed`: what is shown; `came`: a page was taken; `replaced`: all that is held was, and
   *   ends here
   */
  constructor(source, { changed, came, replaced = () => {} }) {
    this.#source = source;
    this.#window = new FeedWindow(source);
    this.#changed = changed;
    this.#loader = new PageLoader({
      history: (page, options) => source.history({ ...page, limit: PAGE }, options),
      changed,
      came: (messages, meanwhile) => {
        came(messages);
        for (const message of meanwhile) this.#place(message);
      },
    });
    this.#replaced = replaced;
  }

  /** Oldest first. */
  get messages() {
    return this.#window.messages;
  }

  get hasOlder() {
    return this.#window.hasOlder;
  }

  /** Whether it ends before the newest message, as after a jump. */
  get hasNewer() {
    return this.#window.hasNewer;
  }

  /** @returns {"older" | "newer" | "jump" | null} what is being loaded */
  get loading() {
    return this.#loader.loading;
  }

  /** Why the page has not come yet that is being loaded, or why the last one will not come. */
  get error() {
    return this.#loader.error;
  }

  /** The message with this key, where it is held. @param {number} key */
  held(key) {
    return this.loaded ? this.#window.at(key) : undefined;
  }

  /** Loads the newest page, unless something is held already. */
  async open() {
    if (!this.loaded) await (this.#loader.underway ?? this.#latest());
  }

  async loadOlder() {
    const { start: before } = this.#window;
    if (!this.loaded || !this.hasOlder || before === null) return;
    await (this.#loader.underway ??
      this.#loader.page("older", { before }, (page, hasOlder) =>
        this.#window.joinOlder(page, { before, hasOlder }),
      ));
  }

  async loadNewer() {
    const { end: after } = this.#window;
    if (!this.loaded || !this.hasNewer || after === null) return;
    await (this.#loader.underway ??
      this.#loader.page("newer", { after }, (page, hasNewer) =>
        this.#window.joinNewer(page, { after, hasNewer }),
      ));
  }

  /**
   * Shows the messages around this one, unless it is held.
   * @param {number} wanted its key
   * @returns {Promise<boolean>} whether it is there then
   */
  async jumpTo(wanted) {
    if (this.loaded && this.#window.holds(wanted)) return true;
    const { key, follows, newest } = this.#source;
    const before = Math.max(wanted + PAGE / 2, PAGE + 1); // a whole page also near the beginning
    let isShort = false;
    this.#loader.supersede();
    await this.#loader.page("jump", { before }, (page, hasOlder) => {
      // Large messages end a page early, so it may not reach back far enough.
      isShort = page.length > 0 && key(page[0]) > wanted;
      if (isShort) return;
      const last = page.at(-1);
      const end = last ? key(last) : 0;
      // Where keys have no holes and one is free behind the last, that is the newest.
      const hasNewer = follows(end, before) !== false && end < newest();
      this.#replace(page, { hasOlder, hasNewer });
    });
    // A jump that began meanwhile wins. Any other request for a page is dropped.
    if (isShort && this.#loader.loading !== "jump") {
      this.#loader.supersede();
      await this.#loader.page("jump", { after: wanted - 1 }, (page, hasNewer) =>
        this.#replace(page, { hasOlder: true, hasNewer }),
      );
    }
    const isThere = () => this.messages.some((one) => key(one) === wanted);
    // What was asked for meanwhile, instead of this, may bring it too.
    while (!isThere() && this.#loader.underway) await this.#loader.underway.catch(() => {});
    return isThere();
  }

  async jumpToLatest() {
    if (this.loaded && !this.hasNewer) return;
    this.#loader.supersede();
    await this.#latest();
  }

  /** @param {FeedMessage[]} page @param {{hasOlder: boolean, hasNewer: boolean}} edges */
  #replace(page, edges) {
    this.#window.replace(page, edges);
    this.loaded = true;
    this.#replaced(this.#window.end ?? 0);
  }

  #latest() {
    return this.#loader.page("jump", {}, (page, hasOlder) =>
      this.#replace(page, { hasOlder, hasNewer: false }),
    );
  }

  /**
   * Drops messages from one end, so that at most `keep` stay in memory.
   * @param {"older" | "newer"} end
   * @param {number} keep
   */
  trim(end, keep) {
    if (this.#window.trim(end, Math.max(keep, 1))) this.#changed();
  }

  /** Drops all that is held, and what is being loaded. */
  clear() {
    this.#loader.supersede();
    this.#window.clear();
    this.loaded = false;
  }

  /** A message came as it is now: it is put where it belongs, if that is here. @param {Message} message */
  take(message) {
    this.#loader.note(message);
    this.#place(message);
  }

  /** @param {Message} message */
  #place(message) {
    if (!this.loaded) return;
    this.#window.place(message);
    this.#changed();
  }
}
