import { html } from "lit";
import { personName } from "./name.js";

/**
 * What a menu offers about a person whom one may want to hear nothing of.
 * @param {import("../lib/element.js").ChatElement} element where the menu is
 * @param {string} username
 * @returns {import("../lib/menu.js").MenuItem}
 */
export function blockItem(element, username) {
  return element.client.blocked.has(username)
    ? { label: "Unblock this person", icon: "block", run: () => void unblock(element, username) }
    : {
        label: "Block this person…",
        icon: "block",
        danger: true,
        run: () => askToBlock(element, username),
      };
}

/**
 * Asks before it blocks, and says what that means.
 * @param {import("../lib/element.js").ChatElement} element
 * @param {string} username
 */
function askToBlock(element, username) {
  const { client } = element;
  element.tell("confirm", {
    title: html`Block ${personName(client, username)}?`,
    text: `Neither of you can then write to the other directly, add the other to rooms, or see
      whether the other is here. In rooms that you share, what they write is folded away and does
      not call you. They are not told.`,
    action: "Block",
    run: (/** @type {import("../../client/types.js").ReadOptions} */ options) =>
      client.send({ type: "person.block", username, on: true }, options),
  });
}

/**
 * @param {import("../lib/element.js").ChatElement} element
 * @param {string} username
 */
export async function unblock(element, username) {
  try {
    await element.client.send({ type: "person.block", username, on: false });
  } catch (error) {
    element.tellRefusal(error);
  }
}
