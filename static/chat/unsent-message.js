import { excerpt } from "./excerpt.js";

/**
 * An unsent message as the feed shows it.
 *
 * @param {import("./types.js").Unsent} entry
 * @param {string} sender
 * @param {number} number
 * @returns {import("./types.js").FeedMessage}
 */
export function unsentMessage(entry, sender, number) {
  const { client_id, room, body, attachments, reply_to, quote, created_at, state, error } = entry;
  return {
    id: client_id,
    room,
    number,
    position: 0,
    sender,
    client_id,
    body,
    html: "",
    created_at,
    edited_at: null,
    deleted: false,
    hidden: false,
    reply_to,
    quote,
    attachments,
    mentions: [],
    reactions: {},
    code: entry.code ?? null,
    state,
    error,
  };
}

/**
 * A message as its reply quotes it.
 * @param {import("./protocol.js").Message} message
 * @returns {import("./protocol.js").Quote}
 */
export function quoteOf({ id, number, sender, html }) {
  return { id, number, sender, body: excerpt(html) };
}

/**
 * What can be shown of an attachment of which only the id is known.
 * @param {string} id
 * @returns {import("./protocol.js").Attachment}
 */
export function unknownAttachment(id) {
  const content_type = "application/octet-stream";
  const unknown = { width: null, height: null, thumbnail_url: null };
  return { id, name: "", content_type, size: 0, url: "", ...unknown };
}
