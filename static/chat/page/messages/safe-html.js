import createDOMPurify from "dompurify";

// The server has made this HTML safe already. It is cleaned again here, because whoever gets
// past one of the two should still meet the other.
const purify = createDOMPurify(window);

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "INPUT") {
    // A box of a list of tasks shows what is done, and changes nothing.
    if (node.getAttribute("type") !== "checkbox") node.remove();
    node.setAttribute("disabled", "");
  }
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer nofollow");
});

const RULES = {
  // prettier-ignore
  ALLOWED_TAGS: [
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "input", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
  ],
  ALLOWED_ATTR: [
    "href",
    "title",
    "class",
    "start",
    "lang",
    "data-username",
    "data-language",
    "type",
    "checked",
    "disabled",
    "aria-label",
  ],
  // Only addresses have to be of these: a name or a number is none.
  ADD_URI_SAFE_ATTR: [
    "start",
    "data-username",
    "data-language",
    "type",
    "checked",
    "disabled",
    "aria-label",
  ],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: /** @type {const} */ (true),
};

/**
 * A message's HTML as nodes, each block of code with a button that copies it.
 * @param {string} markup
 * @returns {DocumentFragment}
 */
export function safeFragment(markup) {
  const fragment = purify.sanitize(markup, RULES);
  for (const code of fragment.querySelectorAll("pre, code")) code.setAttribute("dir", "ltr");
  for (const mention of fragment.querySelectorAll(".mention")) mention.setAttribute("dir", "auto");
  // A paragraph or a list of its own takes the direction of its first letter that is no code and no
  // name; what is within it goes on by the stylesheet, line by line.
  for (const block of fragment.children)
    if (block.tagName !== "PRE") block.setAttribute("dir", "auto");
  for (const block of fragment.querySelectorAll("pre")) block.replaceWith(copyable(block));
  for (const table of fragment.querySelectorAll("table")) table.replaceWith(scrollable(table));
  return fragment;
}

/** @param {HTMLElement} block */
function copyable(block) {
  const frame = document.createElement("div");
  frame.className = "code-block";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy-code";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy this code");
  block.tabIndex = 0;
  block.setAttribute("role", "group");
  block.setAttribute("aria-label", "Code");
  frame.append(block.cloneNode(true), button);
  return frame;
}

/** @param {HTMLElement} table */
function scrollable(table) {
  const frame = document.createElement("div");
  frame.className = "table-frame";
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", "Table");
  frame.append(table.cloneNode(true));
  return frame;
}
