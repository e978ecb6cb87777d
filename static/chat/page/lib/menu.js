import { html } from "lit";
import { ChatElement } from "./element.js";
import { icon } from "./icons.js";
import { showBeside } from "./popover.js";

/**
 * @typedef {Object} MenuItem
 * @property {string} label
 * @property {Parameters<typeof icon>[0]} icon
 * @property {() => void} run
 * @property {boolean} [danger]
 */

/** A button that opens a list of things to do. */
export class ChatMenu extends ChatElement {
  static properties = {
    items: { attribute: false },
    label: { type: String },
    opened: { state: true },
  };

  constructor() {
    super();
    /** @type {MenuItem[]} */
    this.items = [];
    this.label = "More";
    this.opened = false;
  }

  get list() {
    return /** @type {HTMLElement} */ (this.querySelector(".menu"));
  }

  render() {
    return html`
      <button
        type="button"
        class="icon-button"
        aria-haspopup="menu"
        aria-expanded=${this.opened}
        aria-label=${this.label}
        title=${this.label}
        @click=${this.toggle}
        @keydown=${this.onButtonKey}
      >
        ${icon("more")}
      </button>
      <div
        class="menu"
        popover="auto"
        role="menu"
        aria-label=${this.label}
        @toggle=${this.onToggle}
        @keydown=${this.onKey}
      >
        ${
          this.opened
            ? this.items.map(
                (item) => html`<button
                type="button"
                role="menuitem"
                tabindex="-1"
                class="menu-item ${item.danger ? "is-danger" : ""}"
                @click=${() => this.choose(item)}
              >
                ${icon(item.icon)} ${item.label}
              </button>`,
              )
            : null
        }
      </div>
    `;
  }

  /** @param {KeyboardEvent} event */
  onButtonKey(event) {
    if (event.key !== "ArrowDown" || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    void this.toggle();
  }

  async toggle() {
    if (this.opened) return this.list.hidePopover();
    this.opened = true;
    await this.updateComplete;
    showBeside(this.list, /** @type {Element} */ (this.firstElementChild).getBoundingClientRect());
    this.focusItem(0);
  }

  /** @param {ToggleEvent} event */
  onToggle(event) {
    if (event.newState !== "closed") return;
    const hadFocus = this.list.contains(document.activeElement);
    this.opened = false;
    if (hadFocus) this.querySelector("button")?.focus();
    this.tell("menu-closed");
  }

  /** @param {MenuItem} item */
  choose(item) {
    this.list.hidePopover();
    this.querySelector("button")?.focus();
    item.run();
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    // Keys that work anywhere, and those that an editor around the page has taken.
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const items = [...this.list.querySelectorAll("button")];
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      this.focusItem(moves[event.key]);
    } else if (event.key === "Tab") {
      event.preventDefault();
      this.list.hidePopover();
    }
    event.stopPropagation();
  }

  /** @param {number} index */
  focusItem(index) {
    const items = this.list.querySelectorAll("button");
    items[(index + items.length) % items.length]?.focus();
  }
}

customElements.define("mc-menu", ChatMenu);
