/** The addresses of rooms and messages, as they are in links and in the address bar. */
const IN_PATH = /\/rooms\/([0-9a-f-]{36})(?:\/(\d{1,15}))?\/?$/;
/** As the page wrote it once; such links are still about. */
const IN_HASH = /^#room=([0-9a-f-]{36})$/;

/**
 * The room that an address names, and the number of the message; "" and null where it names none.
 * @param {{hash: string, pathname: string}} address
 */
export function placeIn({ hash, pathname }) {
  const [, room = "", number] = IN_HASH.exec(hash) ?? IN_PATH.exec(pathname) ?? [];
  return { room, number: number ? Number(number) : null };
}

/** Whether an address names a room in the old way. @param {{hash: string}} address */
export const isOld = ({ hash }) => IN_HASH.test(hash);

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
