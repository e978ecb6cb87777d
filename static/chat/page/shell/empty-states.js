import { html } from "lit";
import { icon, mark } from "../lib/icons.js";

/**
 * For a person who is in no room yet.
 * @param {import("../../protocol.js").Me} me
 * @param {(tab: "person" | "new" | "find") => void} start
 */
export function welcome(me, start) {
  return html`<section class="empty" aria-labelledby="welcome">
    ${mark()}
    <h2 id="welcome">Welcome, <bdi>${me.display_name || me.username}</bdi></h2>
    <p>You are in no room yet. Three ways to begin:</p>
    <div class="empty-ways">
      ${way("people", "Message someone", "Find a person and write to them directly.", () => start("person"))}
      ${way("compass", "Join a public room", "See what others talk about here.", () => start("find"))}
      ${way("plus", "Make a room", "For a team, a project or a question.", () => start("new"))}
    </div>
  </section>`;
}

/**
 * @param {Parameters<typeof icon>[0]} sign
 * @param {string} title
 * @param {string} text
 * @param {() => void} run
 */
function way(sign, title, text, run) {
  return html`<button type="button" class="empty-way" @click=${run}>
    ${icon(sign)}
    <span><strong>${title}</strong><small>${text}</small></span>
  </button>`;
}

/**
 * For a person who has rooms and looks at none.
 * @param {(() => void) | null} showRooms leads to the list, where that is not beside this
 */
export const choose = (showRooms) => html`<section class="empty" aria-label="No room is open">
  ${mark()}
  ${
    showRooms
      ? html`<p>No room is open.</p>
        <button type="button" class="button" @click=${showRooms}>Show the rooms</button>`
      : html`<p>Choose a room, or press <kbd>Ctrl</kbd> <kbd>K</kbd> to find one.</p>`
  }
</section>`;

/** @param {string} signIn the address where one signs in */
export const signedOut = (signIn) => html`<main class="notice">
  ${mark()}
  <h1>You are signed out</h1>
  <p>What you wrote and did not send is kept in this browser.</p>
  ${signIn ? html`<a class="button is-primary" href=${signIn}>Sign in again</a>` : null}
</main>`;

export const banned = () => html`<main class="notice">
  ${mark()}
  <h1>Your account is suspended</h1>
  <p>You cannot read or write here for now. Ask the people who run this server about it.</p>
</main>`;
