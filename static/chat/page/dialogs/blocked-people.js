import { html } from "lit";
import { avatar } from "../people/avatar.js";
import { unblock } from "../people/blocking.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatDialog } from "../lib/dialog.js";
import { displayName } from "../lib/rooms.js";

/** Whom one has blocked, and the way to take it back. */
export class BlockedPeople extends ChatDialog {
  changes = new ClientEvents(this, ["blocked", "people"]);

  get heading() {
    return "Blocked people";
  }

  content() {
    const { client } = this;
    const names = [...client.blocked].sort((a, b) =>
      displayName(client, a).localeCompare(displayName(client, b)),
    );
    if (names.length === 0) {
      return html`<p class="dialog-text" tabindex="-1" autofocus>
        You have blocked nobody. The menu of a message, of a member or of a direct room has “Block this
        person”.
      </p>`;
    }
    return html`<ul class="found" aria-label="People whom you have blocked">
      ${names.map((username) => this.entry(username))}
    </ul>`;
  }

  /** @param {string} username */
  entry(username) {
    return html`<li class="found-entry">
      ${avatar(this.client, username)}
      <span class="found-name"><bdi>${displayName(this.client, username)}</bdi></span>
      <bdi class="handle">@${username}</bdi>
      <button type="button" class="button is-small" @click=${() => this.unblock(username)}>
        Unblock<span class="visually-hidden"> ${username}</span>
      </button>
    </li>`;
  }

  /** @param {string} username */
  async unblock(username) {
    await unblock(this, username);
    await this.updateComplete;
    // The button that had the focus may be gone with its entry.
    const next = this.querySelector(".found .button") ?? this.querySelector("[autofocus]");
    if (!this.contains(document.activeElement)) /** @type {HTMLElement | null} */ (next)?.focus();
  }
}

customElements.define("mc-blocked-people", BlockedPeople);
