import { html } from "lit";
import { drawn } from "./drawn-emoji.js";
import { ChatElement } from "../lib/element.js";
import { showBeside } from "../lib/popover.js";
import "../lib/toolbar.js";

/**
 * The emoji come from emoji-picker-element's database; its own picker writes style attributes,
 * which the page's content security policy forbids, so the grid is drawn here.
 */
const GROUPS = [
  { id: 0, name: "Smileys", sign: "🙂" },
  { id: 1, name: "People", sign: "👋" },
  { id: 3, name: "Animals and nature", sign: "🐾" },
  { id: 4, name: "Food and drink", sign: "☕" },
  { id: 5, name: "Travel and places", sign: "🚲" },
  { id: 6, name: "Activities", sign: "⚽" },
  { id: 7, name: "Objects", sign: "💡" },
  { id: 8, name: "Symbols", sign: "❤️" },
  { id: 9, name: "Flags", sign: "🏁" },
];
const COLUMNS = 8;

/**
 * @param {import("../host/host.js").EmojiSource} emoji
 * @param {string} asked
 */
async function search(emoji, asked) {
  const code = spelled(asked).replaceAll(" ", "_");
  const [found, named] = await Promise.all([
    emoji.getEmojiBySearchQuery(asked),
    emoji.getEmojiByShortcode(code), // a single letter, such as `x`, is searched for in no other way
  ]);
  const isFound = found.some(
    (each) => "unicode" in each && named && "unicode" in named && each.unicode === named.unicode,
  );
  return named && !isFound ? [named, ...found] : found;
}

/**
 * Emoji that are called just so come first, then those whose names begin so.
 *
 * @template {{annotation: string, shortcodes?: string[]}} E
 * @param {E[]} found
 * @param {string} asked
 * @returns {E[]}
 */
function bestFirst(found, asked) {
  const name = spelled(asked);
  const rank = (/** @type {E} */ { annotation, shortcodes = [] }) => {
    const names = [annotation, ...shortcodes].map(spelled);
    if (names.includes(name)) return 0;
    return names.some((each) => each.startsWith(name)) ? 1 : 2;
  };
  return [...found].sort((one, other) => rank(one) - rank(other));
}

/** @param {string} name */
function spelled(name) {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_:-]+/g, " ")
    .trim();
}

/** One for the whole page: `pick` opens it beside an element. */
export class EmojiPicker extends ChatElement {
  static properties = {
    emoji: { state: true },
    group: { state: true },
    query: { state: true },
    failed: { state: true },
  };

  constructor() {
    super();
    /** @type {{unicode: string, annotation: string}[]} */
    this.emoji = [];
    this.group = 0;
    this.query = "";
    this.failed = false;
    /** @type {(emoji: string) => void} */
    this.chosen = () => {};
    /** @type {HTMLElement | null} */
    this.origin = null;
  }

  get panel() {
    return /** @type {HTMLElement} */ (this.querySelector(".emoji-picker"));
  }

  /**
   * @param {HTMLElement} beside
   * @param {(emoji: string) => void} chosen
   */
  async pick(beside, chosen) {
    this.chosen = chosen;
    this.origin = beside;
    this.query = "";
    showBeside(this.panel, beside.getBoundingClientRect());
    await this.load();
    this.querySelector("input")?.focus();
  }

  async load() {
    const source = this.host.emoji();
    const asked = this.query.trim();
    try {
      const found = asked ? await search(source, asked) : await source.getEmojiByGroup(this.group);
      const own = await drawn(/** @type {any[]} */ (found.filter((emoji) => "unicode" in emoji)));
      if (asked !== this.query.trim()) return;
      this.emoji = asked ? bestFirst(own, asked) : own;
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  render() {
    return html`<div
      class="emoji-picker"
      popover="auto"
      role="dialog"
      aria-label="Choose an emoji"
      @keydown=${this.onKey}
      @toggle=${this.onToggle}
    >
      <input
        type="search"
        class="input"
        dir="auto"
        placeholder="Search emoji"
        aria-label="Search emoji"
        .value=${this.query}
        @input=${this.onSearch}
      />
      <mc-toolbar class="emoji-groups" aria-label="Groups">
        ${GROUPS.map(
          ({ id, name, sign }) => html`<button
            type="button"
            class="emoji-group"
            aria-label=${name}
            title=${name}
            aria-pressed=${!this.query && id === this.group}
            @click=${() => this.show(id)}
          >
            ${sign}
          </button>`,
        )}
      </mc-toolbar>
      <mc-toolbar class="emoji-grid" aria-label="Emoji" columns=${COLUMNS}>
        ${this.emoji.map(
          ({ unicode, annotation }) => html`<button
            type="button"
            class="emoji-choice"
            aria-label=${annotation}
            title=${annotation}
            @click=${() => this.choose(unicode)}
          >
            ${unicode}
          </button>`,
        )}
      </mc-toolbar>
      ${
        this.failed
          ? html`<p class="hint" role="alert">The emoji could not be loaded. Try again later.</p>`
          : this.query && this.emoji.length === 0
            ? html`<p class="hint">No emoji is called “<bdi>${this.query}</bdi>”.</p>`
            : null
      }
    </div>`;
  }

  /** @param {number} group */
  show(group) {
    this.group = group;
    this.query = "";
    void this.load();
  }

  /** @param {InputEvent} event */
  onSearch(event) {
    this.query = /** @type {HTMLInputElement} */ (event.target).value;
    void this.load();
  }

  /** @param {string} unicode */
  choose(unicode) {
    this.panel.hidePopover();
    this.chosen(unicode);
  }

  /** @param {ToggleEvent} event */
  onToggle(event) {
    if (event.newState === "closed" && this.panel.contains(document.activeElement)) {
      this.origin?.focus();
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = /** @type {Element} */ (event.target);
    if (event.key === "Enter" && target.matches("input") && this.emoji[0]) {
      event.preventDefault();
      this.choose(this.emoji[0].unicode);
    } else if (event.key === "ArrowDown" && !target.matches(".emoji-choice")) {
      event.preventDefault();
      /** @type {HTMLElement | null} */ (this.querySelector(".emoji-choice"))?.focus();
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      this.querySelector("input")?.focus();
    }
  }
}

customElements.define("mc-emoji-picker", EmojiPicker);
