/**
 * All keys of the page, in one place: those that work anywhere are looked up here, the dialog of `?`
 * and the README list them, and a test holds the README to it.
 *
 * None of them is taken by a browser or by VS Code.
 */

/**
 * @typedef {Object} Shortcut
 * @property {string} [id] what the page does; without it the part of the page that has the focus does it
 * @property {string[]} keys each a key, after what is held down with it: `Alt+Shift+ArrowDown`
 * @property {string} does
 */

/** @typedef {{where: string, shortcuts: Shortcut[]}} Section */

/** @type {Section[]} */
export const SHORTCUTS = [
  {
    where: "Anywhere",
    shortcuts: [
      { id: "write", keys: ["Alt+Shift+M"], does: "Write a message" },
      { id: "find-room", keys: ["Ctrl+K"], does: "Find a room or a person" },
      { id: "next-room", keys: ["Alt+ArrowDown"], does: "Next room" },
      { id: "previous-room", keys: ["Alt+ArrowUp"], does: "Previous room" },
      { id: "next-unread", keys: ["Alt+Shift+ArrowDown"], does: "Next room with unread messages" },
      {
        id: "previous-unread",
        keys: ["Alt+Shift+ArrowUp"],
        does: "Previous room with unread messages",
      },
      { id: "show-shortcuts", keys: ["?"], does: "This list, where nothing is being written" },
    ],
  },
  {
    where: "Among the messages",
    shortcuts: [
      { keys: ["ArrowUp", "ArrowDown"], does: "Previous or next message" },
      { keys: ["Home", "End"], does: "First or last message" },
      { keys: ["Enter"], does: "What can be done with the message" },
      { keys: ["Escape"], does: "Write a message, as does typing one" },
    ],
  },
  {
    where: "Among tools and emoji",
    shortcuts: [
      { keys: ["ArrowLeft", "ArrowRight"], does: "Previous or next tool" },
      { keys: ["Home", "End"], does: "First or last tool" },
      { keys: ["Escape"], does: "Back to the message" },
    ],
  },
  {
    where: "Writing",
    shortcuts: [
      { keys: ["Enter"], does: "Send; in code and on touch screens a new line" },
      { keys: ["Ctrl+Enter"], does: "Send, also from code" },
      { keys: ["Shift+Enter"], does: "New line" },
      { keys: ["ArrowUp"], does: "In an empty field: change your last message" },
      { keys: ["Tab", "Shift+Tab"], does: "In code: indent or outdent" },
      { keys: ["Escape", "Tab"], does: "One after the other: leave code" },
    ],
  },
  {
    where: "In the list of rooms",
    shortcuts: [
      { keys: ["ArrowUp", "ArrowDown"], does: "Previous or next room" },
      { keys: ["Enter"], does: "Open it" },
      { keys: ["Escape"], does: "Show all rooms again, then write a message" },
    ],
  },
];

/**
 * Keys of the editor around the page, one after the other: the extension's manifest has the same.
 * @type {Section}
 */
export const EDITOR_SHORTCUTS = {
  where: "Anywhere in the editor",
  shortcuts: [
    { id: "openRoom", keys: ["Ctrl+K G"], does: "Go to a room" },
    { id: "nextUnread", keys: ["Ctrl+K J"], does: "Jump to the next room with unread messages" },
    { id: "shareSelection", keys: ["Ctrl+K L"], does: "Share the selected lines" },
    { id: "focusChat", keys: ["Ctrl+K H"], does: "Write in the chat" },
  ],
};

/** The keys there are in an editor, which has its own with Ctrl and lists the rooms itself. */
export const SHORTCUTS_IN_EDITOR = [
  EDITOR_SHORTCUTS,
  ...SHORTCUTS.filter(({ where }) => where !== "In the list of rooms").map(
    ({ where, shortcuts }) => ({
      where,
      shortcuts: shortcuts.filter(({ id, keys }) => !id || !keys[0].startsWith("Ctrl+")),
    }),
  ),
];

const SIGNS = /** @type {Record<string, string>} */ ({
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
});
const ON_A_MAC = /** @type {Record<string, string>} */ ({ Ctrl: "⌘", Alt: "⌥", Shift: "⇧" });

/**
 * A shortcut as people read it, key by key.
 * @param {string} keys
 * @param {boolean} [isMac] whether the keyboard is one of Apple's
 */
export const keySigns = (keys, isMac = false) =>
  keys.split(/[+ ]/).map((key) => (isMac && ON_A_MAC[key]) || SIGNS[key] || key);

/**
 * What the page does when this key is pressed, wherever the focus is.
 * @param {KeyboardEvent} event
 * @returns {string | undefined} the shortcut's id
 */
export function shortcutFor(event) {
  return SHORTCUTS[0].shortcuts.find(({ keys }) => keys.some((each) => matches(event, each)))?.id;
}

/**
 * @param {KeyboardEvent} event
 * @param {string} keys
 */
function matches(event, keys) {
  const held = keys.split("+");
  const key = /** @type {string} */ (held.pop());
  if (key === "?") {
    // It is typed with other keys on each keyboard, and it is text where text is written.
    return event.key === "?" && !event.ctrlKey && !event.metaKey && !isWriting(event.target);
  }
  const isHeld =
    (event.ctrlKey || event.metaKey) === held.includes("Ctrl") &&
    event.altKey === held.includes("Alt") &&
    event.shiftKey === held.includes("Shift");
  // By its place where it is held down with Alt, which on a Mac types other letters.
  return isHeld && (event.key.toUpperCase() === key.toUpperCase() || event.code === `Key${key}`);
}

/** @param {EventTarget | null} target */
const isWriting = (target) =>
  target instanceof Element && target.matches("input, textarea, select, [contenteditable]");

/**
 * Whether a key types a letter, of which more is to follow.
 * @param {KeyboardEvent} event
 */
export const isTyped = ({ key, ctrlKey, altKey, metaKey }) =>
  [...key].length === 1 && key !== " " && key !== "?" && !ctrlKey && !altKey && !metaKey;
