/** VS Code itself waits no longer for the second key. */
const TIMEOUT_MS = 5_000;
const IS_MAC = /^Mac/.test(navigator.platform);

/**
 * Ctrl+K begins the editor's chords, and the editor takes their second key wherever the focus is. A
 * field in the webview would take that for a letter, and a browser around the editor the first key
 * for its own.
 */
export function keepChords(): void {
  let begun = -Infinity;
  const keep = (event: KeyboardEvent) => {
    if (["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
    const isSecond = event.timeStamp - begun < TIMEOUT_MS;
    const isFirst = !isSecond && begins(event);
    begun = isFirst ? event.timeStamp : -Infinity;
    if (isFirst || isSecond) event.preventDefault();
  };
  // Before the fields, and still after the page's composition.js, which is here already.
  // eslint-disable-next-line no-restricted-syntax
  addEventListener("keydown", keep, { capture: true });
}

const begins = ({ code, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean =>
  code === "KeyK" && (IS_MAC ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !altKey && !shiftKey;
