/** Characters of an excerpt, at most: those of the server's quotes. */
const LIMIT = 140;
/** @type {Record<string, string>} */
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'", nbsp: "\u00a0" };

/**
 * The beginning of a message as plain text on one line, as the server shortens a quote.
 *
 * This reads HTML that the server made safe and gives text. The text is not HTML: show it as
 * text only.
 *
 * @param {string} html
 * @param {number} [limit] in characters
 */
export function excerpt(html, limit = LIMIT) {
  const text = html
    .replace(/<input\b[^>]*>/gi, (box) => (/\bchecked\b/i.test(box) ? "✅ " : "⬜ "))
    .replace(/<hr\b[^>]*>/gi, " — ")
    .replace(/<\/?(?:p|div|br|li|ul|ol|pre|blockquote|h\d|table|tr|td|th)\b[^>]*>/gi, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&(#?\w+);/g, (entity, name) => ENTITIES[name.toLowerCase()] ?? entity);
  const line = [...text.trim().replace(/\s+/g, " ")];
  if (line.length <= limit) return line.join("");
  return `${line
    .slice(0, limit - 1)
    .join("")
    .trimEnd()}…`;
}
