/**
 * What could not be done, and what the person can do next.
 *
 * `code` is for programs. The server's codes are listed in docs/protocol.md; the client adds
 * - `network`: the server was not reached, or the connection was lost before it answered;
 * - `timeout`: the connection is open, but no answer came;
 * - `aborted`: the caller took it back;
 * - `files_lost`, of a message in the outbox: the server does not have its files, as after a restore
 *   from a backup. While it is `sending` they are uploaded again; where it has `failed` this client
 *   does not have them either.
 *
 * `detail` is for people.
 */
export class ChatError extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   * @param {{flows?: import("./types.js").Flow[], retryAfter?: number}} [more] `flows`: the steps
   *   that signing in still needs, such as a second factor; `retryAfter`: seconds that the server
   *   wants to be left alone for
   */
  constructor(code, detail, { flows, retryAfter = 0 } = {}) {
    super(detail);
    this.name = "ChatError";
    this.code = code;
    this.detail = detail;
    this.flows = flows;
    this.retryAfter = retryAfter;
  }
}

/** What to do when nobody knows whether it was done. */
const LOOK = "See whether it was done, and try again if not.";

export const offline = () =>
  new ChatError("network", "You are not connected. This will work when you are back online.");

export const connectionLost = () =>
  new ChatError("network", `The connection was lost before the server answered. ${LOOK}`);

export const timedOut = () =>
  new ChatError("timeout", `The server did not answer in time. ${LOOK}`);

export const takenBack = () => new ChatError("aborted", "It was taken back before it was done.");

/** The server does not have files of an unsent message. */
export const FILES_LOST = "files_lost";

/** @param {number} count how many files it may lack */
export const filesLost = (count) =>
  new ChatError(
    FILES_LOST,
    count === 1
      ? "The server no longer has the file of this message. Attach it again."
      : "The server no longer has the files of this message. Attach them again.",
  );

/** A file that was not uploaded yet was kept nowhere, or deleted with the browser's data. */
export const fileLost = () =>
  new ChatError(FILES_LOST, "This file is no longer here. Attach it again.");
