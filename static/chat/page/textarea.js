const GROWS_BY_ITSELF = CSS.supports("field-sizing", "content");

/**
 * Makes a textarea as high as its text, up to the maximum that the stylesheet sets.
 * @param {HTMLTextAreaElement} textarea
 */
export function fitToText(textarea) {
  if (GROWS_BY_ITSELF) return;
  textarea.style.setProperty("height", "auto");
  textarea.style.setProperty("height", `${textarea.scrollHeight + 2}px`);
}
