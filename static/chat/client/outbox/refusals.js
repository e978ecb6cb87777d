import { filesLost } from "../lib/errors.js";
import { codeForOlder } from "./older-server.js";
import { idsOf } from "./message-fields.js";
import { ErrorCode } from "../../protocol.js";

/** @typedef {import("./types.js").Unsent} Unsent */
/** @typedef {import("../lib/errors.js").ChatError} ChatError */

/**
 * What becomes of a message that the server will not take as it is: it is sent without what an older
 * server does not know, without what it replies to, or with its files uploaded again, where a restore
 * may have lost them; else it has failed. Nothing where another tab has changed it by now.
 *
 * @param {Unsent} entry as it is now
 * @param {{
 *   sent: Unsent,
 *   error: ChatError,
 *   isMember: (room: string) => boolean,
 *   files: import("./outbox-files.js").OutboxFiles,
 * }} refusal `sent`: the message as it was when it was refused
 * @returns {{change?: Partial<Unsent>, renew?: ChatError, fail?: ChatError}} `change`: how it is sent
 *   next; `renew`: why its files are uploaded again; `fail`: why it has failed
 */
export function afterRefusal(entry, { sent, error, isMember, files }) {
  const code = codeForOlder(entry.code, error);
  if (code) return { change: { code } };
  if (error.code === ErrorCode.NOT_FOUND && sent.reply_to) {
    if (!entry.reply_to) return {}; // another tab has noticed it, too
    // What it replies to was lost, as by a restore. The words still count, and are sent again.
    const { reply_to, quote } = entry;
    return { change: { reply_to: null, quote: null, unquoted: { reply_to, quote } } };
  }
  // Another tab has uploaded its files again: it is sent with those.
  if (String(idsOf(sent)) !== String(idsOf(entry))) return {};
  const lost =
    error.code === ErrorCode.NOT_FOUND && isMember(entry.room) ? files.doubtful(entry) : [];
  if (lost.length === 0) return { fail: error };
  const reason = filesLost(lost.length);
  return files.canRenew(entry) ? { renew: reason } : { fail: reason };
}
