import { isOld, placeIn } from "./room-address.js";

const LAST_ROOM = "mediachat.room";

/** @typedef {import("./host.js").AddressBar} AddressBar */

/**
 * The address bar of a browser, and the room that was open last.
 * @implements {AddressBar}
 */
export class BrowserAddress {
  #home;

  /**
   * @param {string} home the path of the chat
   * @param {import("../../protocol.js").Room | null} offered
   */
  constructor(home, offered) {
    this.#home = home;
    this.offered = offered;
  }

  read() {
    return placeIn(location);
  }

  lastRoom() {
    try {
      return localStorage.getItem(LAST_ROOM);
    } catch {
      return null;
    }
  }

  /**
   * @param {string} roomId
   * @param {{isNamed: boolean}} options
   */
  show(roomId, { isNamed }) {
    remember(roomId);
    if (isNamed && this.read().room !== roomId)
      history.pushState(null, "", `${this.#home}rooms/${roomId}`);
  }

  clear() {
    remember("");
    history.replaceState(null, "", this.#home);
  }

  /** Loads the page again by the room's path, if the address names it in the old way. */
  askServer() {
    if (!isOld(location)) return false;
    location.replace(`${this.#home}rooms/${this.read().room}`);
    return true;
  }

  /** @param {() => void} listener */
  follow(listener) {
    addEventListener("popstate", listener);
    return () => removeEventListener("popstate", listener);
  }
}

/** @param {string} roomId */
function remember(roomId) {
  try {
    localStorage.setItem(LAST_ROOM, roomId);
  } catch {
    // Storage is full or forbidden; the room is open all the same.
  }
}
