import { blockItem } from "../people/blocking.js";
import { canDelete, canWrite } from "../lib/rooms.js";

export const quickReactions = ["👍", "❤️", "😂"];

/**
 * The component of one message, as its menu needs it.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   message: import("../../client/types.js").FeedMessage,
 *   mine: boolean,
 *   room: import("../../protocol.js").Room,
 * }} MessageElement
 */

/**
 * What the menu of a message offers to this person.
 * @param {MessageElement} element
 * @returns {import("../lib/menu.js").MenuItem[]}
 */
export function messageActions(element) {
  const { client, message, mine, room } = element;
  /** @type {import("../lib/menu.js").MenuItem[]} */
  const actions = [];
  const writes = canWrite(client, room);
  if (writes) {
    actions.push({ label: "Reply", icon: "reply", run: () => element.tell("reply", { message }) });
  }
  if (message.body) {
    actions.push({
      label: "Copy text",
      icon: "copy",
      run: () => void navigator.clipboard?.writeText(message.body),
    });
  }
  if (mine && writes) {
    actions.push({ label: "Edit", icon: "edit", run: () => element.tell("edit", { message }) });
  }
  if (!mine) {
    actions.push({
      label: "Report…",
      icon: "flag",
      run: () => element.tell("report", { message }),
    });
    actions.push(blockItem(element, message.sender));
  }
  if (canDelete(client, room, message)) {
    actions.push({
      label: "Delete…",
      icon: "trash",
      danger: true,
      run: () =>
        element.tell("confirm", {
          title: "Delete this message?",
          text: "It goes for everyone in this room and cannot be brought back.",
          action: "Delete message",
          run: (/** @type {import("../../client/types.js").ReadOptions} */ options) =>
            client.send({ type: "message.delete", message: message.id }, options),
        }),
    });
  }
  return actions;
}
