import { isTyped } from "../lib/shortcuts.js";
import { Toolbar } from "../lib/toolbar.js";

/**
 * What a key does in the list of messages: arrows lead from message to message, Enter into the tools
 * of one, Escape and letters to the composer.
 *
 * @param {KeyboardEvent} event
 * @param {import("../lib/element.js").ChatElement & {scroller: HTMLElement}} list
 */
export function moveByKey(event, list) {
  if (event.defaultPrevented) return; // an editor around the page has taken it
  const target = /** @type {HTMLElement} */ (event.target);
  const onItem = target.matches("mc-message");
  if (!onItem && target !== list.scroller) return;
  const messages = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("mc-message")]);
  const at = messages.indexOf(target);
  /** @type {Record<string, number>} */
  const moves = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? messages.length - 1 : at - 1,
    Home: 0,
    End: messages.length - 1,
  };
  if (event.key in moves && !event.altKey && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const next = messages[Math.min(Math.max(moves[event.key], 0), messages.length - 1)];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  } else if (onItem && event.key === "Enter") {
    event.preventDefault();
    const tools = target.querySelector(".message-tools");
    if (tools instanceof Toolbar) tools.stop?.focus();
  } else if (event.key === "Escape" || isTyped(event)) list.tell("focus-composer");
}
