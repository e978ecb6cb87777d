/** What a list or a quote puts before a line. */
const PREFIX = /^(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*/;
/** What opens a block of code: its marks, and no backtick behind. */
const OPENING = /^(?:(`{3,})[^`]*|(~{3,}).*)$/;
const TYPED_INDENT = "  ";

/**
 * The beginning of the block of code that is open at the caret, on the line after its first one;
 * -1 outside of code. Behind the marks that close a block, nothing is open.
 * @param {string} text
 * @param {number} caret characters from the beginning
 */
export function openFence(text, caret) {
  let marks = "";
  let start = -1;
  let at = 0;
  let quotes = 0;
  for (const line of text.split("\n")) {
    const end = at + line.length;
    if (at > caret) break;
    // With a quote ends the code in it.
    if (marks && quotesOf(line) < quotes) [marks, start] = ["", -1];
    const written = marks ? line : text.slice(at, Math.min(end, caret));
    if (marks) {
      const closing = line.replace(PREFIX, "").trimEnd();
      const closes = closing.length >= marks.length && closing === marks[0].repeat(closing.length);
      if (closes && caret >= end) [marks, start] = ["", -1];
    } else {
      const found = OPENING.exec(written.replace(PREFIX, ""));
      if (found) [marks, start, quotes] = [found[1] ?? found[2], end + 1, quotesOf(line)];
    }
    at = end + 1;
  }
  return start;
}

/**
 * In how many quotes a line is.
 * @param {string} line
 */
const quotesOf = (line) => (PREFIX.exec(line)?.[0] ?? "").split(">").length - 1;

/**
 * Whether what stands before the caret begins code, in which nobody is mentioned and no link made.
 * @param {string} text
 * @param {number} caret characters from the beginning
 */
export function isInCode(text, caret) {
  if (openFence(text, caret) >= 0) return true;
  const line = text.slice(text.lastIndexOf("\n", caret - 1) + 1, caret);
  return line.split("`").length % 2 === 0;
}

/**
 * What Tab makes of the lines of code that are selected.
 * @param {string} text
 * @param {{start: number, end: number}} selected
 * @param {{outdent: boolean, fence: number}} options `fence`: where the code begins
 * @returns {{start: number, end: number, text: string, selected: {start: number, end: number}}}
 *   what to put between which places, and what is selected then
 */
export function indented(text, { start, end }, { outdent, fence }) {
  const indent = /^\t/m.test(text.slice(fence)) ? "\t" : TYPED_INDENT;
  if (!outdent && !text.slice(start, end).includes("\n")) {
    const caret = start + indent.length;
    return { start, end, text: indent, selected: { start: caret, end: caret } };
  }
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", end);
  const to = lineEnd < 0 ? text.length : lineEnd;
  const lines = text.slice(from, to).split("\n");
  const changed = lines.map((line) =>
    outdent ? line.replace(/^(?:\t| {1,2})/, "") : line && indent + line,
  );
  const all = changed.join("\n");
  const selectedStart = Math.max(from, start + changed[0].length - lines[0].length);
  const selectedEnd = Math.max(selectedStart, end + all.length - (to - from));
  return { start: from, end: to, text: all, selected: { start: selectedStart, end: selectedEnd } };
}
