/** @typedef {import("../../client/message-log/feed.js").Feed} Feed */

/** The most messages in the document; the rest of a long history comes and goes with the scroll. */
const WINDOW = 250;
/** How near an end, in screens, the next page is asked for. */
const NEAR = 1.5;

/**
 * Loads the messages that are near what is in view, and forgets those that are far.
 *
 * @param {Feed} feed
 * @param {HTMLElement} scroller
 * @param {{isAtEnd: boolean}} where whether the room's newest message is in view
 */
export function loadNear(feed, scroller, { isAtEnd }) {
  if (feed.loading) return;
  const near = scroller.clientHeight * NEAR;
  const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  if (scroller.scrollTop < near && feed.hasOlder) void grow(feed, "older");
  else if (below < near && feed.hasNewer) void grow(feed, "newer");
  else if (isAtEnd && feed.messages.length > WINDOW + 50) feed.trim("older", WINDOW);
}

/**
 * @param {Feed} feed
 * @param {"older" | "newer"} end
 */
async function grow(feed, end) {
  try {
    await (end === "older" ? feed.loadOlder() : feed.loadNewer());
    feed.trim(end === "older" ? "newer" : "older", WINDOW);
  } catch {
    // The feed says what was refused; the next scroll asks again.
  }
}
