import { html } from "lit";

/**
 * How much of a room is unread, and the ways to it: it stays until all of that was seen.
 *
 * @param {object} options
 * @param {number} options.count
 * @param {boolean} options.isAtUnread whether the reader stands where the unread messages begin
 * @param {() => void} options.toFirst
 * @param {() => void} options.toNewest
 * @param {() => void} options.markRead
 */
export const unreadBar = ({ count, isAtUnread, toFirst, toNewest, markRead }) =>
  html`<div class="unread-bar" role="group" aria-label="Unread messages">
    <span class="unread-count">${count} unread</span>
    ${
      isAtUnread
        ? html`<button type="button" class="link" @click=${toNewest}>Jump to newest</button>`
        : html`<button type="button" class="link" @click=${toFirst}>Jump to first unread</button>`
    }
    <button type="button" class="link" @click=${markRead}>Mark as read</button>
  </div>`;
