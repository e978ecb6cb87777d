import { isolated } from "../../client/people/names.js";
import { displayName } from "../lib/rooms.js";
import { unsentElsewhere } from "../unsent/unsent.js";

/**
 * The page, as far as a room that ends is concerned.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   roomId: string,
 *   listsRooms: boolean,
 *   say: (words: string) => void,
 * }} Page
 */

/** Says why a room is gone in which the person was, and what became of what they had not sent there. */
export class LostRoom {
  #page;
  /** The room that the person leaves of their own will. */
  #leaving = "";
  /** Says how the room that was open ended. */
  #farewell = "";

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    page.listenTo({ leaving: ({ room }) => (this.#leaving = room) });
  }

  /** @param {import("../../client.js").ChatClient} client */
  follow(client) {
    client.addEventListener("removed", (event) => {
      const { room, name, by } = event.detail;
      const who = by ? isolated(displayName(client, by)) : "Somebody";
      const words = `${who} removed you from ${isolated(name)}.`;
      // Of the room that is open, one notice says this and what became of what was unsent.
      if (room === this.#page.roomId) this.#farewell = words;
      else this.#page.say(words);
    });
  }

  /** The room that was open is gone. @param {string} roomId */
  say(roomId) {
    const { client, listsRooms } = this.#page;
    const isKept = unsentElsewhere(client).some(({ room }) => room === roomId);
    const place = listsRooms ? "your rooms" : "the conversation";
    const kept = isKept ? ` What you had not sent there is kept, above ${place}.` : "";
    if (roomId !== this.#leaving)
      this.#page.say(`${this.#farewell || "You are no longer in that room."}${kept}`);
    this.#farewell = "";
  }
}
