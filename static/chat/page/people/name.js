import { html } from "lit";
import { displayName, partner } from "../lib/rooms.js";

/** @typedef {import("../../client.js").ChatClient} ChatClient */
/** @typedef {import("../../protocol.js").Room} Room */

/**
 * A person's name in a sentence, which it does not turn around; with the username where somebody
 * else is called the same.
 * @param {ChatClient} client
 * @param {string} username
 */
export function personName(client, username) {
  const handle = client.isAmbiguous(username)
    ? html` <bdi class="handle">@${username}</bdi>`
    : null;
  return html`<bdi>${displayName(client, username)}</bdi>${handle}`;
}

/**
 * What a room is called; a direct one by the other person.
 * @param {ChatClient} client
 * @param {Room} room
 */
export function roomName(client, room) {
  const other = partner(client, room);
  return other ? personName(client, other) : html`<bdi>${room.name || "Unnamed room"}</bdi>`;
}
