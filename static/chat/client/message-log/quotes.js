import { excerpt } from "../lib/excerpt.js";

/**
 * A message as its reply quotes it.
 * @param {import("../../protocol.js").Message} message
 * @returns {import("../../protocol.js").Quote}
 */
export function quoteOf({ id, number, sender, html }) {
  return { id, number, sender, body: excerpt(html) };
}

/**
 * A message that quotes another, as that one reads now.
 *
 * @param {import("./types.js").FeedMessage} message
 * @param {import("../../protocol.js").Message} quoted
 * @returns {import("./types.js").FeedMessage} the same object where nothing changes
 */
export function requoted(message, quoted) {
  const { quote } = message;
  if (quote?.id !== quoted.id) return message;
  const body = quoted.deleted ? "" : excerpt(quoted.html);
  if (quote.body === body) return message;
  return { ...message, quote: { ...quote, body } };
}
