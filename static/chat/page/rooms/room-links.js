import { placeAt } from "../host/room-address.js";

/**
 * The page that opens a room.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   openRoom: (room: string, where: {number: number | null}) => unknown,
 * }} RoomOpener
 */

/**
 * Links to the rooms and messages of this chat, which open where they are clicked and not in another
 * page. Where the person is not in the room, the server's page says what can be done.
 */
export class RoomLinks {
  /** @param {RoomOpener} app */
  constructor(app) {
    this.app = app;
    app.addEventListener("click", (event) => this.onClick(event));
  }

  /** @param {MouseEvent} event */
  onClick(event) {
    const { app } = this;
    const link = /** @type {Element} */ (event.target).closest("a[href]");
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!(link instanceof HTMLAnchorElement) || isElsewhere) return;
    const place = placeAt(link.href, app.host.address);
    if (!place || !app.client.rooms.has(place.room)) return;
    event.preventDefault();
    event.stopPropagation(); // an editor around this page opens links by itself
    void app.openRoom(place.room, { number: place.number });
  }
}
