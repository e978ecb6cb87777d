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
    state,
    error,
  };
}
