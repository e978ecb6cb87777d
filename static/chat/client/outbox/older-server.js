import { ErrorCode } from "../../protocol.js";

/** @typedef {import("../../protocol.js").Code} Code */

/** The names of the fields of shared lines that servers before them refuse, as `bad_request` tells them. */
const LATER_FIELD = /^code\.(dirty|blob|before|after)\b/;

/**
 * Shared lines as an older server takes them, where its error says that it does not know a field of
 * theirs. There is no other way to know: a server says which version it is, and not what it takes.
 *
 * Without `dirty` a commit means that its file has the lines, so that lines which were not committed
 * lose the name of the commit, too.
 *
 * @param {Code | null | undefined} code
 * @param {import("../lib/errors.js").ChatError} error
 * @returns {Code | null} null where it is refused for something else
 */
export function codeForOlder(code, error) {
  if (!code || error.code !== ErrorCode.BAD_REQUEST || !LATER_FIELD.test(error.detail)) return null;
  const { dirty, blob, before, after, ...known } = code;
  const isPlain = [dirty, blob, before, after].every(
    (field) => field === undefined || field === null,
  );
  if (isPlain) return null;
  return dirty ? { ...known, commit: "" } : known;
}
