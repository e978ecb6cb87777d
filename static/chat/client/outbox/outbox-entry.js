import { FILES_LOST } from "../lib/errors.js";
import { ErrorCode } from "../../protocol.js";

/** @typedef {import("./types.js").Unsent} Unsent */

/**
 * Sorts unsent messages in the order of writing.
 * @template {Unsent} T
 * @param {T[]} entries
 */
export const inOrder = (entries) => entries.sort((a, b) => a.order - b.order);

/** Whether a tab uploads a message's files, so that it can be sent. @param {Unsent} [entry] */
export const isUploading = (entry) =>
  entry?.state === "sending" && (entry.error?.code === FILES_LOST || entry.uploading !== undefined);

/** A message with what it replies to, where it was tried without. @param {Unsent} entry */
export const quotedAgain = ({ unquoted, ...rest }) => ({ ...rest, ...unquoted });

/** What is kept of an error. @param {import("../lib/errors.js").ChatError} error */
export function told(error) {
  const { code = ErrorCode.BAD_REQUEST, detail = String(error) } = error;
  return { code, detail };
}
