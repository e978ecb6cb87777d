/**
 * The address of one of the server's endpoints; the server may live below a path of its host.
 * @param {string} server such as `https://chat.example.org` or `https://example.org/chat`
 * @param {string} door such as `/ws/`
 */
export const addressOn = (server, door) => new URL(server.replace(/\/*$/, door));
