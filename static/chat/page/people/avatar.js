import { html } from "lit";
import { mediaUrl } from "../lib/media-url.js";
import { askAgain } from "../lib/pictures.js";

/** @typedef {import("../../client.js").ChatClient} ChatClient */

const HUES = 8;

/** The same person has the same colour everywhere. @param {string} username */
function hue(username) {
  let sum = 7;
  for (const letter of username)
    sum = (sum * 31 + /** @type {number} */ (letter.codePointAt(0))) % 9973;
  return sum % HUES;
}

/** @param {string} name */
function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return (
    letters
      .map((word) => [...word][0])
      .join("")
      .toLocaleUpperCase() || "?"
  );
}

/**
 * A person's picture, or their initials on their colour. It says nothing by itself: the name
 * stands beside it.
 * @param {ChatClient} client
 * @param {string} username
 * @param {{presence?: boolean}} [options]
 */
export function avatar(client, username, { presence = false } = {}) {
  const person = client.person(username);
  const here = client.online.has(username);
  return html`<span class="avatar hue-${hue(username)}" aria-hidden="true">
    ${
      person.avatar_url
        ? html`<img src=${mediaUrl(person.avatar_url)} alt="" loading="lazy" @error=${askAgain} />`
        : html`<span class="avatar-initials" dir="auto">${initials(person.display_name || username)}</span>`
    }
    ${presence && client.isPresenceKnown ? html`<span class="presence ${here ? "is-here" : ""}"></span>` : null}
  </span>`;
}
