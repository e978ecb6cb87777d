/**
 * Makes a textarea as high as its text, up to the maximum that the stylesheet sets.
 * @param {HTMLTextAreaElement} textarea
 */
export function fitToText(textarea) {
  if (CSS.supports("field-sizing", "content")) return; // it grows by itself
  textarea.style.setProperty("height", "auto");
  textarea.style.setProperty("height", `${textarea.scrollHeight + 2}px`);
}

/** Lines up to which Chromium types a text within 0.2 s; the time grows with their square. */
const TYPED_LINES = 200;

/**
 * Puts a text where the selection is, or instead of what stands between two places, as if it had
 * been typed: undo takes it back, and what was typed before it too, unless it is very long. The
 * textarea tells `input`.
 * @param {HTMLTextAreaElement} textarea
 * @param {string} text
 * @param {number} [start] characters from the beginning
 * @param {number} [end]
 */
export function insertText(
  textarea,
  text,
  start = textarea.selectionStart,
  end = textarea.selectionEnd,
) {
  textarea.focus();
  textarea.setSelectionRange(start, end);
  if (start === end && !text) return;
  // Nothing else reaches the browser's own list of what can be undone.
  const isLong = text.split("\n", TYPED_LINES + 1).length > TYPED_LINES;
  if (!isLong && document.execCommand(text ? "insertText" : "delete", false, text)) return;
  textarea.setRangeText(text, start, end, "end");
  textarea.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/**
 * What was written, without the empty lines around it. The first line keeps its indentation, by
 * which it is code or a part of what follows it.
 *
 * @param {string} text
 */
export function asWritten(text) {
  return text.trimEnd().replace(/^(?:[^\S\n]*\n)+/, "");
}

/** What Unicode has as ignorable by default, spaces, and what is drawn as nothing, as on the server. */
const INVISIBLE = /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u070f\u2800\ufff0-\ufffb]*$/u;

/**
 * Whether nobody would see anything of a text: the server takes no message of it.
 * @param {string} text
 */
export function isInvisible(text) {
  return INVISIBLE.test(text);
}
