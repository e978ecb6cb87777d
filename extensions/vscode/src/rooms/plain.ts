/** Without what VS Code's notifications read as links: `[words](address)`. */
export function plain(text: string): string {
  return text.replace(/\]\(/g, "] (");
}
