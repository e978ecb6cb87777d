/**
 * Buttons of which Tab reaches one, and the arrow keys the others, as the ARIA practices have it.
 *
 * `<mc-toolbar aria-label="…">` around buttons in a row; with `columns`, around a grid of them. It
 * draws nothing: whoever writes it draws what is in it, also later.
 */
export class Toolbar extends HTMLElement {
  constructor() {
    super();
    this.changes = new MutationObserver(() => this.keepOneStop());
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("focusin", () => this.keepOneStop());
  }

  connectedCallback() {
    this.setAttribute("role", "toolbar");
    this.changes.observe(this, { childList: true, subtree: true });
    this.keepOneStop();
  }

  disconnectedCallback() {
    this.changes.disconnect();
  }

  /** Those that can be had: some are left out where there is little room for them. */
  get tools() {
    const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (
      this.querySelectorAll("button:not([disabled])")
    );
    const tools = [...buttons].filter((button) => !button.closest("[role=menu]"));
    // Nothing is shown as long as what the toolbar is in is closed.
    const shown = tools.filter((tool) => tool.getClientRects().length > 0);
    return shown.length > 0 ? shown : tools;
  }

  /** Where one was last, or the first tool. */
  get stop() {
    const { tools } = this;
    const focused = tools.find((tool) => tool === document.activeElement);
    return focused ?? tools.find((tool) => tool.getAttribute("tabindex") === "0") ?? tools[0];
  }

  keepOneStop() {
    const { stop } = this;
    for (const tool of this.tools) tool.tabIndex = tool === stop ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { tools } = this;
    const at = tools.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = Number(this.getAttribute("columns"));
    const forward = getComputedStyle(this).direction === "rtl" ? -1 : 1;
    /** @type {Record<string, number>} */
    const moves = {
      ArrowRight: at + forward,
      ArrowLeft: at - forward,
      Home: 0,
      End: tools.length - 1,
      ...(columns ? { ArrowDown: at + columns, ArrowUp: at - columns } : {}),
    };
    let next = moves[event.key];
    if (next === undefined) return;
    if (!columns) next = (next + tools.length) % tools.length;
    const tool = tools[next];
    if (!tool) return; // beyond the grid: what is around it may know a place there
    event.preventDefault();
    event.stopPropagation();
    tool.focus();
  }
}

customElements.define("mc-toolbar", Toolbar);
