import { isInCode } from "./code-fence.js";
import { insertText } from "../lib/textarea.js";

/** An address of the web or a mailbox, and nothing else. */
const ADDRESS = /^(?:https?:\/\/|mailto:)[^\s<>]+$/i;

/**
 * Pastes the text that is meant, if it is one. Undo takes it back.
 * @param {ClipboardEvent} event
 * @param {HTMLTextAreaElement} textarea
 * @returns {File[]} the files that are meant instead
 */
export function paste(event, textarea) {
  if (!event.clipboardData) return [];
  const meant = pasted(event.clipboardData);
  if ("files" in meant) {
    event.preventDefault();
    return meant.files;
  }
  const { value, selectionStart: start, selectionEnd: end } = textarea;
  // In code, and as the address of a link, an address is what it is.
  const isPlain = isInCode(value, start) || value.slice(0, start).endsWith("](");
  const link = isPlain ? null : linkOver(meant.text, value.slice(start, end));
  const text = link ?? meant.text;
  // The browser's own paste is quick for long texts too.
  const isItsOwn = event.isTrusted && text === event.clipboardData.getData("text/plain");
  if (!text || isItsOwn) return [];
  event.preventDefault();
  insertText(textarea, text);
  return [];
}

/**
 * What the person means by a paste. A clipboard often holds the same thing in several forms: what is
 * copied from a spreadsheet comes as text, as HTML and as a picture of its cells, and copied files
 * come with their names as a text.
 * @param {DataTransfer} data
 * @returns {{files: File[]} | {text: string}}
 */
export function pasted(data) {
  const files = [...data.files];
  const html = new DOMParser().parseFromString(bare(data.getData("text/html")), "text/html").body;
  const written = data.getData("text/plain") || addressesIn(data.getData("text/uri-list"));
  if (files.length > 0 && !isPictureOf(written, html, files)) return { files };
  return { text: written || textOf(html) };
}

/**
 * Whether the only file is another form of the text beside it.
 * @param {string} written
 * @param {HTMLElement} html
 * @param {File[]} files
 */
function isPictureOf(written, html, files) {
  const [file] = files;
  if (files.length > 1 || !file.type.startsWith("image/") || isNameOf(file, written)) return false;
  const isAddress = ADDRESS.test(written.trim());
  const hasWords = (html.textContent ?? "").trim() !== "";
  // A picture copied from a page comes with its address, or with an <img> that has it.
  if (!hasWords && (isAddress || html.querySelector("img, picture, svg"))) return false;
  return hasWords || written.trim() !== "";
}

/**
 * Whether a text is the name of a file, its path or its address. Systems escape addresses each in
 * their own way, take accents apart, and leave out endings that they do not show.
 * @param {File} file
 * @param {string} written
 */
function isNameOf(file, written) {
  const last = written.trim().split(/[\\/]/).at(-1) ?? "";
  const name = file.name.normalize();
  // What has no name of its own is called so.
  const names = name === "image.png" ? [name] : [name, name.replace(/\.[^.]+$/, "")];
  return [last, unescaped(last)].some((each) => names.includes(each.normalize()));
}

/** @param {string} part of an address */
function unescaped(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param {string} list one address a line, comments begin with # */
const addressesIn = (list) =>
  list
    .split(/\r?\n/)
    .filter((line) => line && !line.startsWith("#"))
    .join("\n");

/** What is not seen of HTML, and a tag with its attributes. */
const UNSEEN = /<!--[\s\S]*?(?:-->|$)|<(style|script|template)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;
const TAG = /<(\/?[a-z][\w:-]*)(?:"[^"]*"|'[^']*'|[^'">])*>/gi;

/**
 * HTML without its styles and attributes: to read one, and be it for its words alone, is to break the
 * page's policy.
 * @param {string} html
 */
const bare = (html) => html.replace(UNSEEN, "").replace(TAG, "<$1>");

/**
 * The words of HTML that comes without a text of its own.
 * @param {HTMLElement} html
 */
function textOf(html) {
  for (const end of html.querySelectorAll("br, p, div, li, tr, h1, h2, h3, h4, h5, h6, pre"))
    end.after("\n");
  for (const cell of html.querySelectorAll("td + td, th + th, td + th, th + td")) cell.before("\t");
  return (html.textContent ?? "")
    .replace(/[^\S\t\n]+/g, " ")
    .replace(/ ?\n[ \n]*/g, "\n")
    .trim();
}

/**
 * The markdown that links what was selected, where an address is pasted over it; null otherwise.
 * @param {string} text what is pasted
 * @param {string} selected what it would replace
 */
export function linkOver(text, selected) {
  const address = text.trim();
  const words = selected.trim();
  if (!words || words.includes("\n") || !ADDRESS.test(address) || ADDRESS.test(words)) return null;
  const [before, after] = selected.split(words, 2);
  const label = words.replace(/[\\[\]]/g, "\\$&");
  return `${before}[${label}](${/[()]/.test(address) ? `<${address}>` : address})${after}`;
}
