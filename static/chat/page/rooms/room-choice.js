import { listedRooms, unread } from "../lib/rooms.js";

const NARROW = matchMedia("(max-width: 639px)");

/**
 * The page, as far as its address moves it.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   screen: "rooms" | "room",
 *   listsRooms: boolean,
 *   openRoom: (room: string, options: {isNamed: boolean, number?: number | null}) => unknown,
 *   showRooms: () => unknown,
 *   say: (words: string) => void,
 * }} Page
 */

/** Which room opens by itself: the one that the address names, or else the last one. */
export class RoomChoice {
  /** @type {import("../../protocol.js").Room | null} a public room to join, which the address names */
  offer = null;
  #page;
  #unfollow = () => {};

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    page.addController(this);
    page.listenTo({
      "offer-accepted": () => this.#openNamed(),
      "offer-declined": () => this.#decline(),
    });
  }

  hostConnected() {
    const { host } = this.#page;
    this.#unfollow();
    // The page itself is in the document before it knows where it is shown.
    this.#unfollow = host?.addressBar?.follow(() => this.#openNamed()) ?? (() => {});
  }

  hostDisconnected() {
    this.#unfollow();
  }

  /** The rooms are known for the first time. */
  begin() {
    const { host } = this.#page;
    this.offer = host.addressBar?.offered ?? null;
    const isOpen = this.#openNamed();
    if (!isOpen && !this.offer && this.#page.listsRooms && !NARROW.matches) this.#openFirst();
  }

  /** A room is open. @param {string} roomId @param {{isNamed: boolean}} options whether the address follows */
  opened(roomId, options) {
    this.offer = null;
    this.#page.host.addressBar?.show(roomId, options);
  }

  /** @returns {boolean} whether the address names a room that can be opened */
  #openNamed() {
    const page = this.#page;
    const { addressBar } = page.host;
    const { room, number } = addressBar?.read() ?? { room: "", number: null };
    if (page.client.rooms.has(room)) {
      void page.openRoom(room, { isNamed: false, number });
      return true;
    }
    if (this.offer && room === this.offer.id) page.screen = "room";
    else {
      page.screen = "rooms";
      if (room && !addressBar?.askServer())
        page.say("There is no such room, or you are not in it.");
    }
    return false;
  }

  #decline() {
    this.offer = null;
    this.#page.requestUpdate();
    this.#page.host.addressBar?.clear();
    if (NARROW.matches) void this.#page.showRooms();
    else this.#openFirst();
  }

  #openFirst() {
    const { rooms, people } = listedRooms(this.#page.client, "");
    const known = [...rooms, ...people];
    const last = this.#page.host.addressBar?.lastRoom();
    const first =
      known.find(({ id }) => id === last) ?? known.find((room) => unread(room) > 0) ?? known[0];
    if (first) void this.#page.openRoom(first.id, { isNamed: false });
  }
}
