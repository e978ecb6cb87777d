const NEAR_END = 64;

/**
 * Keeps what a person reads where it is while things above it come, go and grow.
 *
 * The browser's own scroll anchoring is switched off in the stylesheet: it does not exist
 * everywhere, and two hands on one wheel would correct twice.
 */
export class ScrollAnchor {
  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} content whose children are the items
   * @param {string} holdable selects the items that stay what they are; a day's line moves
   */
  constructor(scroller, content, holdable) {
    this.scroller = scroller;
    this.content = content;
    this.holdable = holdable;
    /** @type {Element | null} */
    this.item = null;
    this.offset = 0;
    this.scrollTop = 0;
    this.atEnd = true;
    /** The end is followed only where it is the end of the room. */
    this.followEnd = true;
    /** What is not displayed has no height and no place in it; its place waits for it. */
    this.wasHidden = false;
  }

  get isHidden() {
    return this.scroller.clientHeight === 0;
  }

  /** Remembers what stands at the top now, or that the end is in view. */
  hold() {
    const { scroller } = this;
    if (this.isHidden) {
      this.wasHidden = true;
      return;
    }
    if (this.wasHidden) return this.restore();
    const rest = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    this.atEnd = rest < NEAR_END;
    this.scrollTop = scroller.scrollTop;
    this.item = this.firstVisible();
    while (this.item && !this.item.matches(this.holdable)) this.item = this.item.nextElementSibling;
    if (this.item) this.offset = this.top(this.item);
  }

  /** Puts what was held back to where it stood. */
  restore() {
    if (this.wasHidden && !this.isHidden) {
      this.wasHidden = false;
      this.scrollTop = this.scroller.scrollTop; // nobody scrolled it
    }
    if (this.atEnd && this.followEnd) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
    } else if (this.item?.isConnected) {
      // What was scrolled since then was meant.
      const scrolled = this.scroller.scrollTop - this.scrollTop;
      const moved = this.top(this.item) - this.offset + scrolled;
      if (Math.abs(moved) >= 1) this.scroller.scrollTop += moved;
    }
    this.hold();
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.hold();
  }

  /**
   * Brings an item into view, its top at a part of the height.
   * @param {Element} item
   * @param {number} [part]
   */
  toItem(item, part = 0.3) {
    this.toOffset(item, this.scroller.clientHeight * part);
  }

  /**
   * Puts an item's top so many pixels below that of the list.
   * @param {Element} item
   * @param {number} offset
   */
  toOffset(item, offset) {
    this.scroller.scrollTop += this.top(item) - offset;
    this.hold();
  }

  /** @param {Element} item */
  top(item) {
    return item.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
  }

  firstVisible() {
    const items = this.content.children;
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.top(items[middle]) + items[middle].getBoundingClientRect().height <= 0) {
        low = middle + 1;
      } else high = middle;
    }
    return items[low] ?? null;
  }

  /** The last item whose end can be seen. */
  lastVisible() {
    const items = this.content.children;
    const bottom = this.scroller.getBoundingClientRect().bottom + 1;
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (items[middle].getBoundingClientRect().bottom > bottom) high = middle - 1;
      else low = middle;
    }
    return items[low] ?? null;
  }
}
