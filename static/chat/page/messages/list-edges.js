import { html, nothing } from "lit";
import { icon } from "../lib/icons.js";
import { roomName } from "../people/name.js";
import { reasonOfWait } from "../lib/waits.js";

/** @typedef {import("../../client/message-log/feed.js").Feed} Feed */
/** @typedef {import("../../client.js").ChatClient} ChatClient */

/**
 * What stands above the first message: what is still to come, or the beginning of the room.
 *
 * @param {ChatClient} client
 * @param {Feed} feed
 * @param {import("../../protocol.js").Room} room
 * @param {() => void} again asks again for what was refused
 */
export function listTop(client, feed, room, again) {
  if (!feed.loaded || feed.hasOlder) return pageAbove(client, feed, again);
  const name = roomName(client, room);
  return html`<div class="messages-start">
    <h3>${room.kind === "direct" ? html`You and ${name}` : html`The beginning of ${name}`}</h3>
    <p>
      ${
        feed.messages.length === 0
          ? "Nothing has been said here yet. Write the first message below."
          : "Nothing came before this."
      }
    </p>
  </div>`;
}

/**
 * @param {ChatClient} client
 * @param {Feed} feed
 * @param {() => void} again
 */
function pageAbove(client, feed, again) {
  const what = feed.loaded ? "Earlier messages" : "The messages";
  /** @type {unknown} */
  let words = feed.loaded ? "Loading earlier messages…" : "Loading…";
  if (client.state !== "online" && client.me)
    words = `${what} are loaded when the connection is back.`;
  else if (feed.error && feed.loading)
    words = isTriedAgain(client, feed.error, `${what} are loaded`);
  else if (feed.error) {
    words = html`${what} could not be loaded. ${feed.error.detail}
      <button type="button" class="link" @click=${again}>Try again</button>`;
  }
  const role = typeof words === "string" ? nothing : "status";
  return html`<p class="messages-loading" role=${role}>${words}</p>`;
}

/**
 * What floats over the messages while those that the person wants to see are not there yet.
 *
 * @param {ChatClient} client
 * @param {Feed} feed
 */
export function pageElsewhere(client, feed) {
  if (!feed.loaded || !feed.error || !feed.loading || feed.loading === "older") return null;
  return html`<p class="messages-wait" role="status">
    ${icon("clock")} <span>${isTriedAgain(client, feed.error, "The messages are loaded")}</span>
  </p>`;
}

/**
 * @param {ChatClient} client
 * @param {{code: string}} error
 * @param {string} what
 */
const isTriedAgain = (client, error, what) =>
  html`${reasonOfWait(error)}. ${what} as soon as possible.
    <button type="button" class="link" @click=${() => client.tryNow()}>Try now</button>`;

/**
 * Leads to the newest message, where it is not in view.
 *
 * @param {number} sinceAway how many came in below what the reader looks at
 * @param {() => void} jump
 */
export const jumpToNewest = (sinceAway, jump) =>
  html`<button class="jump is-bottom" type="button" @click=${jump}>
            ${icon("arrow-down")} ${sinceAway > 0 ? newMessages(sinceAway) : "Newest"}
          </button>`;

/** @param {number} count */
const newMessages = (count) => `${count} new ${count === 1 ? "message" : "messages"}`;
