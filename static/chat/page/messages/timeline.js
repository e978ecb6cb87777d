import { html } from "lit";
import { isCounted } from "../../client/reading/unread.js";
import { dayName, dayOf } from "../lib/dates.js";

/** @typedef {import("../../client/types.js").FeedMessage} Message */

/** How long after a message the next of the same person needs no name of its own. */
const GROUP_MS = 5 * 60_000;

/**
 * The messages of a room with a line above each day, and one above what is new.
 *
 * @param {Message[]} messages in order, without gaps
 * @param {object} options
 * @param {number | null} options.unreadAfter the number below which the line of new messages stands
 * @param {string} options.me the reader's username
 * @param {(message: Message, continued: boolean) => unknown} options.draw
 * @returns {{key: string, draw: () => unknown}[]}
 */
export function timeline(messages, { unreadAfter, me, draw }) {
  /** @type {{key: string, draw: () => unknown}[]} */
  const items = [];
  /** @type {Message | null} */
  let previous = null;
  let day = "";
  // Where the messages begin later, what they begin with need not be the first new one.
  let lineDrawn =
    unreadAfter === null || messages.length === 0 || messages[0].number > unreadAfter + 1;
  for (const message of messages) {
    const itsDay = dayOf(message.created_at);
    if (itsDay !== day) {
      day = itsDay;
      previous = null;
      const iso = message.created_at;
      items.push({ key: `day:${day}`, draw: () => line("day-line", dayName(iso)) });
    }
    if (
      !lineDrawn &&
      message.number > /** @type {number} */ (unreadAfter) &&
      isCounted(message, me)
    ) {
      lineDrawn = true;
      previous = null;
      items.push({ key: "unread", draw: () => line("unread-line", "New messages") });
    }
    const continued = previous !== null && follows(previous, message);
    items.push({
      key: `${message.sender}:${message.client_id}`,
      draw: () => draw(message, continued),
    });
    previous = message;
  }
  return items;
}

/**
 * @param {string} name of its class
 * @param {string} words
 */
const line = (name, words) => html`<div class=${name} role="separator"><span>${words}</span></div>`;

/**
 * Whether a message needs no name of its own below the one before it.
 * @param {Message} before
 * @param {Message} message
 */
function follows(before, message) {
  const gap = Date.parse(message.created_at) - Date.parse(before.created_at);
  return before.sender === message.sender && gap < GROUP_MS && !message.quote && !before.deleted;
}
