import { ATTACHMENTS_LIMIT, BODY_LIMIT, FRAME_LIMIT } from "../../protocol.js";

/** @typedef {import("../../protocol.js").Limits} Limits */

/**
 * What holds until the server has said more, or where it is older than `ready.limits`.
 * @type {Limits}
 */
export const LIMITS = Object.freeze({
  body: BODY_LIMIT,
  upload: Infinity,
  attachments: ATTACHMENTS_LIMIT,
  frame: FRAME_LIMIT,
});

/** What a frame holds beside a message's text: names of fields, ids of files. In bytes. */
const BESIDE_THE_BODY = 2_048;

/**
 * How many more characters a message takes; below 0 where it is too long already.
 *
 * @param {string} body
 * @param {Limits} limits
 */
export function charactersLeft(body, { body: most, frame }) {
  const left = most - [...body].length; // code points, which are what the server counts
  // Some characters take four bytes, or six where they are escaped.
  if (left < 0 || 6 * body.length + BESIDE_THE_BODY <= frame) return left;
  const bytes = new TextEncoder().encode(JSON.stringify(body)).length;
  return Math.min(left, frame - BESIDE_THE_BODY - bytes);
}

/** Megabytes that a file can have, as the server counts them. @param {Limits} limits */
export const megabytesOfAFile = ({ upload }) => Math.floor(upload / 1024 ** 2);

/**
 * Why a file need not be uploaded: the server would not take it. '' where it may be.
 *
 * @param {Blob} file
 * @param {Limits} limits
 */
export const tooLarge = (file, limits) =>
  file.size > limits.upload
    ? `This is too large: a file can have at most ${megabytesOfAFile(limits)} MB.`
    : "";
