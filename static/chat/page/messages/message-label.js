import { excerpt } from "../../client/lib/excerpt.js";
import { isolated, spokenName } from "../../client/people/names.js";
import { clockTime } from "../lib/dates.js";

/** @typedef {import("../../client/types.js").FeedMessage} Message */
/** @typedef {import("../../client.js").ChatClient} ChatClient */

/** Characters of a message's text that are read out with it; all of it can be read in the message. */
export const TEXT_LIMIT = 400;
/** Files, and kinds of reactions, that are read out by name. */
const MOST = 5;

/**
 * What a message is called where it has the focus: who wrote it and when, what it says, what hangs on
 * it, and what became of it.
 *
 * @param {ChatClient} client
 * @param {Message} message
 * @param {{folded?: boolean}} [options] `folded`: its sender is blocked, and nothing of it is in sight
 */
export function messageLabel(client, message, { folded = false } = {}) {
  const name = folded ? "Someone you blocked" : spokenName(client, message.sender);
  const head = `${name}, ${clockTime(message.created_at)}`;
  if (folded) return head;
  if (message.hidden) return `${head}: Removed by a moderator`;
  if (message.deleted) return `${head}: This message was deleted`;
  const parts = [
    message.quote && !client.blocked.has(message.quote.sender)
      ? `Reply to ${spokenName(client, message.quote.sender)}`
      : "",
    text(message),
    message.code ? `Code of ${isolated(message.code.path)}` : "",
    files(message.attachments ?? []),
    reactions(message.reactions ?? {}),
    message.edited_at ? "Edited" : "",
    message.state === "failed" ? "Not sent" : message.state === "sending" ? "Not sent yet" : "",
  ].filter(Boolean);
  return [head, parts.join(". ")].filter(Boolean).join(": ");
}

/**
 * What is seen of a message as one reads it. One that is not sent yet has no HTML, and is seen as it
 * was typed.
 * @param {Message} message
 */
function text({ html, body }) {
  if (html) return isolated(excerpt(html, TEXT_LIMIT));
  const line = body
    .slice(0, 2 * TEXT_LIMIT)
    .replace(/\s+/g, " ")
    .trim();
  if (line.length <= TEXT_LIMIT && body.length <= 2 * TEXT_LIMIT) return isolated(line);
  // Not within a pair of surrogates.
  return `${isolated(line.slice(0, TEXT_LIMIT).replace(/[\ud800-\udbff]$/, ""))}…`;
}

/** @param {import("../../protocol.js").Attachment[]} attachments */
function files(attachments) {
  if (attachments.length === 0) return "";
  const names = attachments.map(({ name }) => isolated(name || "a file"));
  return `${names.length === 1 ? "File" : `${names.length} files`}: ${first(names)}`;
}

/** @param {Record<string, string[]>} reactions */
function reactions(reactions) {
  const counted = Object.entries(reactions).filter(([, who]) => who.length > 0);
  if (counted.length === 0) return "";
  return `Reactions: ${first(counted.map(([emoji, who]) => `${emoji} ${who.length}`))}`;
}

/** @param {string[]} words */
function first(words) {
  const more = words.length - MOST;
  return more > 0 ? `${words.slice(0, MOST).join(", ")} and ${more} more` : words.join(", ");
}
