import { NOT_STORED, writtenFields } from "../outbox/message-fields.js";

/**
 * A room's unsent messages as its feed shows them.
 *
 * @param {import("../outbox/types.js").ShownUnsent[]} entries in the order of writing
 * @param {string} sender
 * @param {number} first the number of the first of them
 * @returns {import("./types.js").FeedMessage[]}
 */
export function unsentMessages(entries, sender, first) {
  const refused = entries.findIndex(
    ({ state, error, uploading }) => state === "sending" && (error || uploading),
  );
  return entries.map((entry, index) => {
    const isWaiting = entry.state === "sending" && !entry.elsewhere;
    const behind = isWaiting && refused >= 0 && index > refused;
    return { ...unsentMessage(entry, sender, first + index), behind };
  });
}

/**
 * @param {import("../outbox/types.js").ShownUnsent} entry
 * @param {string} sender
 * @param {number} number
 * @returns {import("./types.js").FeedMessage}
 */
function unsentMessage(entry, sender, number) {
  const { client_id, room, quote, created_at, state, error } = entry;
  return {
    ...NOT_STORED,
    ...writtenFields(entry),
    id: client_id,
    room,
    number,
    sender,
    client_id,
    created_at,
    quote,
    state,
    error,
    behind: false,
    elsewhere: entry.elsewhere,
    unstored: entry.unstored,
    uploading: entry.uploading ?? [],
    uploads: entry.uploads,
  };
}

/**
 * A message that the server has, as the feed shows it.
 *
 * @param {import("../../protocol.js").Message} message
 * @returns {import("./types.js").FeedMessage}
 */
export function sentMessage(message) {
  return { ...message, state: "sent", error: null, behind: false };
}

/**
 * What is shown of a file that is not uploaded yet. Its `id` is the key of the file.
 * @param {import("../uploads/file-upload.js").FileUpload} upload
 * @returns {import("../../protocol.js").Attachment}
 */
export function awaitedAttachment({ key, name, size }) {
  return { ...unknownAttachment(key), name, size };
}

/**
 * What can be shown of an attachment of which only the id is known.
 * @param {string} id
 * @returns {import("../../protocol.js").Attachment}
 */
export function unknownAttachment(id) {
  const content_type = "application/octet-stream";
  const unknown = {
    width: null,
    height: null,
    thumbnail_url: null,
    problem: null,
    metadata_kept: false,
  };
  return { id, name: "", content_type, size: 0, url: "", ...unknown };
}
