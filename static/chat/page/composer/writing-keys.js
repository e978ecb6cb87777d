import { html } from "lit";
import { indented, openFence } from "./code-fence.js";
import { insertText } from "../lib/textarea.js";

/**
 * Whether fingers are what points: then the keyboard is on the screen and has no Shift+Enter, so
 * Enter makes a new line and a button sends.
 */
export const isTouch = () => matchMedia("(pointer: coarse)").matches;

/** What Enter and Tab mean where a text is written: in the composer and in the message editor. */
export class WritingKeys {
  constructor() {
    /** Whether Escape has just been pressed: then Tab leaves the field. */
    this.leaving = false;
  }

  /**
   * Indents within a block of code.
   * @param {KeyboardEvent} event
   * @param {HTMLTextAreaElement} textarea
   * @returns {boolean} whether the key was used
   */
  onKey(event, textarea) {
    const { key, shiftKey: outdent } = event;
    if (key === "Shift") return false;
    const fence = openFence(textarea.value, textarea.selectionStart);
    const leaving = this.leaving;
    this.leaving = key === "Escape";
    const isInside = fence >= 0 && textarea.selectionStart >= fence;
    if (key !== "Tab" || leaving || !isInside || event.ctrlKey || event.altKey || event.metaKey)
      return false;
    event.preventDefault();
    const { value, selectionStart: start, selectionEnd: end } = textarea;
    const change = indented(value, { start, end }, { outdent, fence });
    insertText(textarea, change.text, change.start, change.end);
    textarea.setSelectionRange(change.selected.start, change.selected.end);
    return true;
  }

  /** @param {HTMLTextAreaElement} textarea */
  areInCode(textarea) {
    return !isTouch() && openFence(textarea.value, textarea.selectionStart) >= 0;
  }

  /**
   * Whether a key finishes the text. Within code, and on touch, Enter makes a new line; with Ctrl or
   * Cmd it finishes the text everywhere. A key that an editor around the page has for itself does not.
   * @param {KeyboardEvent} event
   * @param {HTMLTextAreaElement} textarea
   */
  finishes(event, textarea) {
    if (event.key !== "Enter" || event.shiftKey || event.defaultPrevented) return false;
    if (event.ctrlKey || event.metaKey) return true;
    return !isTouch() && !this.areInCode(textarea);
  }
}

/** @param {string} others what other keys do meanwhile */
export const codeHint = (others) =>
  html`<p class="code-hint" role="status">In code, Enter makes a new line and Tab indents. ${others}</p>`;
