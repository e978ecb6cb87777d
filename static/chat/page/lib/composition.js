/**
 * Input methods: while a composition is open, keys belong to it and mean nothing to the page. Enter
 * confirms it and Escape ends it; neither may send a message, choose a person or close a dialog.
 *
 * This is the one place that decides. It listens before all others, so that no component has to
 * ask; eslint.config.js refuses listeners that would come before it.
 */

/** What browsers do with a key by themselves: submit a form, close a dialog, go to the next field. */
const ACTING_KEYS = ["Enter", "Escape", "Tab"];

/** Whether a composition is open, for `cancel`, which does not say so. */
let open = false;

/**
 * Whether a key belongs to a composition. Some browsers end the composition before they tell of the
 * key that ended it, and say so by its code alone.
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229 || event.key === "Process";
}

/** @param {KeyboardEvent} event */
function keep(event) {
  if (!isComposing(event)) return;
  event.stopImmediatePropagation();
  if (ACTING_KEYS.includes(event.key)) event.preventDefault();
}

addEventListener("keydown", keep, { capture: true });
addEventListener("compositionstart", () => (open = true), { capture: true });
// The key that ends a composition may close a dialog right after it.
addEventListener("compositionend", () => setTimeout(() => (open = false)), { capture: true });
addEventListener(
  "cancel",
  (event) => {
    if (!open) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);
