/** @typedef {import("../../protocol.js").Attachment} Attachment */

/** What a file is, for a name that says something else. @type {Record<string, string>} */
const KINDS = {
  "image/heic": "an HEIC picture",
  "image/heif": "an HEIF picture",
  "image/tiff": "a TIFF picture",
  "application/pdf": "a PDF",
  "application/zip": "an archive",
  "application/gzip": "an archive",
};

/**
 * What people should know of a file before they open it; "" for most.
 * @param {Attachment} file
 */
export function fileNotes(file) {
  const notes = [problem(file)];
  if (file.metadata_kept) {
    notes.push("The original, with the place and time that its camera may have noted");
  }
  return notes.filter(Boolean).join(". ");
}

/** @param {Attachment} file */
function problem({ problem, content_type }) {
  if (problem === "too_many_pixels") return "Too many pixels to be shown here";
  if (problem === "unreadable") return "Damaged, so it cannot be shown";
  if (problem !== "mislabeled") return "";
  const kind = KINDS[content_type];
  return kind ? `Not what its name says: this is ${kind}` : "Not what its name says";
}
