import { html } from "lit";
import { begunMention } from "../../client/people/mentions.js";
import { matchRank } from "../../client/people/name-match.js";
import { avatar } from "../people/avatar.js";
import { isInCode } from "./code-fence.js";
import { showBeside } from "../lib/popover.js";
import { displayName } from "../lib/rooms.js";
import { insertText } from "../lib/textarea.js";
import { isTouch } from "./writing-keys.js";

const MOST = 6;

/** Lists on the page so far: there is one for each text that is being written. */
let lists = 0;

/**
 * Where a text is written: the composer, or the editor of a message.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   textarea: HTMLTextAreaElement,
 *   room: import("../../protocol.js").Room | undefined,
 * }} TextHost
 */

/**
 * Completes @names where a text is written: a list box that the arrow keys reach from the text.
 * It is a popover, which the list of messages does not cut off.
 */
export class MentionCompletion {
  /** @param {TextHost} host */
  constructor(host) {
    this.host = host;
    this.id = `mentions-${++lists}`;
    /** @type {string[]} */
    this.names = [];
    this.active = 0;
    this.begun = "";
    this.asked = "";
    this.onScroll = () => this.place();
    host.addController(this);
  }

  get activeId() {
    return this.names.length > 0 ? `${this.id}-${this.active}` : "";
  }

  get list() {
    return /** @type {HTMLElement | null} */ (this.host.querySelector(".mention-list"));
  }

  hostConnected() {
    addEventListener("scroll", this.onScroll, { capture: true, passive: true });
  }

  hostDisconnected() {
    removeEventListener("scroll", this.onScroll, { capture: true });
    this.names = [];
  }

  hostUpdated() {
    if (this.names.length > 0) this.place();
    else this.list?.hidePopover();
  }

  /** Puts the list beside where the text is written, which may have grown, or been scrolled. */
  place() {
    if (this.names.length === 0 || !this.list) return;
    const { textarea } = this.host;
    showBeside(this.list, (textarea.form ?? textarea).getBoundingClientRect(), { align: "start" });
  }

  render() {
    const { client } = this.host;
    return html`<ul id=${this.id} class="mention-list" popover="manual" role="listbox" aria-label="People to mention">
      ${this.names.map(
        (name, index) => html`<li
          id="${this.id}-${index}"
          role="option"
          class="mention-option"
          aria-selected=${index === this.active}
          @mousedown=${(/** @type {Event} */ event) => {
            event.preventDefault();
            this.choose(name);
          }}
        >
          ${avatar(client, name, { presence: true })}
          <bdi>${displayName(client, name)}</bdi> <bdi class="handle">@${name}</bdi>
        </li>`,
      )}
    </ul>`;
  }

  /** Looks at the text before the caret after each change of it. */
  look() {
    const { textarea } = this.host;
    const before = textarea.value.slice(0, textarea.selectionStart);
    const begun = isInCode(textarea.value, before.length) ? null : begunMention(before);
    if (begun === null) return this.close();
    this.begun = begun;
    this.offer(this.fitting(this.members()));
    if (this.host.room?.kind === "public") void this.find();
  }

  members() {
    const { client, room } = this.host;
    if (!room) return [];
    const spoken = client.feed(room.id).messages.map(({ sender }) => sender);
    const known = new Set([...(room.members ?? []), ...spoken.reverse()]);
    known.delete(client.me?.username ?? "");
    return [...known];
  }

  async find() {
    const query = this.begun;
    if (!query || this.asked === query) return;
    this.asked = query;
    const { client } = this.host;
    try {
      const { people } = await client.send({ type: "people.find", query: query.normalize("NFKC") });
      const found = people.map((/** @type {{username: string}} */ person) => person.username);
      // The server finds more than what is seen here, and what it finds is not judged again.
      if (query === this.begun)
        this.offer([...new Set([...this.fitting(this.members()), ...found])]);
    } catch {
      // The members that are known already stay in the list; the next letter asks again.
      this.asked = "";
    }
  }

  /**
   * Those of these people whom the written name could begin, the most likely first.
   * @param {string[]} names
   */
  fitting(names) {
    const { client } = this.host;
    return names
      .map((name) => ({ name, rank: matchRank(this.begun, [name, displayName(client, name)]) }))
      .filter(({ rank }) => rank !== null)
      .sort((a, b) => Number(a.rank) - Number(b.rank))
      .map(({ name }) => name);
  }

  /** @param {string[]} names */
  offer(names) {
    this.names = names.slice(0, MOST);
    this.active = 0;
    this.host.requestUpdate();
  }

  close() {
    this.begun = ""; // what was asked for is not shown when it comes
    if (this.names.length === 0) return;
    this.names = [];
    this.host.requestUpdate();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was for the list
   */
  onKey(event) {
    const { names } = this;
    if (names.length === 0) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.active =
        (this.active + (event.key === "ArrowDown" ? 1 : names.length - 1)) % names.length;
    } else if ((event.key === "Enter" && !isTouch()) || event.key === "Tab")
      this.choose(names[this.active]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    this.host.requestUpdate();
    return true;
  }

  /** @param {string} name */
  choose(name) {
    const { textarea } = this.host;
    const caret = textarea.selectionStart;
    const start = caret - this.begun.length;
    const space = /^\s/.test(textarea.value.slice(caret)) ? "" : " ";
    insertText(textarea, name + space, start, caret);
    this.close();
  }
}
