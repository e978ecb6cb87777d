const LAST_ROOM = "mediachat.room";
const IN_PATH = /\/rooms\/([0-9a-f-]{36})(?:\/(\d{1,15}))?\/?$/;
/** As the page wrote it once; such links are still about. */
const IN_HASH = /^#room=([0-9a-f-]{36})$/;

/**
 * The room that the address names, and the number of the message; "" and null where it names none.
 * @returns {{room: string, number: number | null}}
 */
export function placeInAddress() {
  const [, room = "", number] =
    IN_HASH.exec(location.hash) ?? IN_PATH.exec(location.pathname) ?? [];
  return { room, number: number ? Number(number) : null };
}

/**
 * The room and the message that an address of this chat names; null for all other addresses.
 * @param {string} address
 * @param {string} home the address of the chat, with a slash at its end
 * @returns {{room: string, number: number | null} | null}
 */
export function placeAt(address, home) {
  const found = address.startsWith(`${home}rooms/`) && IN_PATH.exec(new URL(address).pathname);
  return found ? { room: found[1], number: found[2] ? Number(found[2]) : null } : null;
}

/**
 * Loads the page again by the room's path, so that the server says what may be seen of it.
 * @param {string} home the address of the chat
 * @returns {boolean} whether it does: not where this was asked of the server already
 */
export function askForRoom(home) {
  const { room } = placeInAddress();
  if (!IN_HASH.test(location.hash)) return false;
  location.replace(`${home}rooms/${room}`);
  return true;
}

/** The room that was open when the page was last left, or null. */
export function lastRoom() {
  try {
    return localStorage.getItem(LAST_ROOM);
  } catch {
    return null;
  }
}

/**
 * @param {string} roomId
 * @param {string | undefined} home the address of the chat, if Back shall lead away from the room
 */
export function rememberRoom(roomId, home) {
  try {
    localStorage.setItem(LAST_ROOM, roomId);
    if (home && placeInAddress().room !== roomId)
      history.pushState(null, "", `${home}rooms/${roomId}`);
  } catch {
    // An editor's webview may forbid both; the room is open all the same.
  }
}

/**
 * No room is open now, nor will be when the page is loaded again.
 * @param {string | undefined} home the address of the chat; an editor's page has none
 */
export function forgetRoom(home) {
  try {
    localStorage.setItem(LAST_ROOM, "");
    if (home) history.replaceState(null, "", home);
  } catch {
    // An editor's webview may forbid both.
  }
}
