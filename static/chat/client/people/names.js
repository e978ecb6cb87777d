/**
 * Who knows what people are called, such as a `ChatClient`.
 * @typedef {object} KnowsPeople
 * @property {(username: string) => {display_name?: string}} person
 * @property {(username: string) => boolean} isAmbiguous
 */

// Letters that are written from right to left, and characters that turn the text around them.
const TURNING =
  /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A name for a sentence that has no markup, such as a label or a notification: what it is written
 * in does not turn the words around it. In markup `<bdi>` does the same.
 * @param {string} name
 */
export function isolated(name) {
  return TURNING.test(name) ? `\u2068${name.replace(CONTROLS, "")}\u2069` : name;
}

/**
 * How a person is called where there is no markup: with their username where somebody else is
 * called the same, or has that name for a username.
 * @param {KnowsPeople} client
 * @param {string} username
 */
export function spokenName(client, username) {
  const name = isolated(client.person(username).display_name || username);
  return client.isAmbiguous(username) ? `${name} ${isolated(`@${username}`)}` : name;
}
