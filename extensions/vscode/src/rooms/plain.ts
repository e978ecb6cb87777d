/** Without what VS Code's notifications read as links: `[words](address)`. */
export function plain(text: string): string {
  return text.replace(/\]\(/g, "] (");
}

/** Without what VS Code's lists to choose from and its status bar draw as icons: `$(name)`. */
export function withoutIcons(text: string): string {
  // Nobody sees a word joiner, and the sign means nothing to VS Code with it.
  return text.replace(/\$\(/g, "$\u2060(");
}
