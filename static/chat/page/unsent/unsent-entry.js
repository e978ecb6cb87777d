import { html } from "lit";
import { isolated } from "../../client/people/names.js";
import { clockTime, dayName, fullTime } from "../lib/dates.js";

/** @typedef {import("../../client/types.js").Unsent} Unsent */

/**
 * An unsent message where its room does not show it: for which room, when it was written, and what
 * it says.
 *
 * @param {Unsent} entry
 * @param {{room: string, note: string | null, ways: unknown}} more what a room without a name is
 *   called, why the message is here, and the buttons
 */
export const unsentEntry = (entry, { room, note, ways }) => html`<li class="unsent">
  <p class="unsent-place">
    <strong><bdi>${entry.room_name || room}</bdi></strong>
    <time datetime=${entry.created_at} title=${fullTime(entry.created_at)}
      >${dayName(entry.created_at)}, ${clockTime(entry.created_at)}</time
    >
  </p>
  ${entry.body ? html`<p class="unsent-body plain-text" dir="auto" tabindex="0">${entry.body}</p>` : null}
  ${entry.code ? html`<p class="hint"><bdi>${entry.code.path}</bdi></p>` : null}
  ${
    entry.attachments.length > 0
      ? html`<p class="hint">
        ${entry.attachments.map(({ name }, at) => html`${at ? ", " : ""}<bdi>${name || "a file"}</bdi>`)}
      </p>`
      : null
  }
  ${note ? html`<p class="hint">${note}</p>` : null}
  <div class="unsent-ways">${ways}</div>
</li>`;

/**
 * @param {Unsent} entry
 * @param {() => void} discard
 */
export const discardButton = ({ body, code }, discard) => html`<button
  type="button"
  class="button is-small"
  aria-label="Discard “${isolated(body.slice(0, 40) || code?.path || "the files")}”"
  @click=${discard}
>
  Discard
</button>`;
