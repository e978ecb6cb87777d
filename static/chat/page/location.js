const LAST_ROOM = "mediachat.room";

/** The room that the address names, or "". */
export const roomInAddress = () => /^#room=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? "";

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
 * @param {boolean} inAddress whether Back shall lead away from it again
 */
export function rememberRoom(roomId, inAddress) {
  try {
    localStorage.setItem(LAST_ROOM, roomId);
    if (inAddress && roomInAddress() !== roomId) history.pushState(null, "", `#room=${roomId}`);
  } catch {
    // An editor's webview may forbid both; the room is open all the same.
  }
}

/** No room is open now, nor will be when the page is loaded again. */
export function forgetRoom() {
  try {
    localStorage.setItem(LAST_ROOM, "");
    history.replaceState(null, "", location.pathname + location.search);
  } catch {
    // An editor's webview may forbid both.
  }
}
