/** Removes what VS Code's notifications read as links: `[words](address)`. */
export function plain(text: string): string {
  return text.replace(/\]\(/g, "] (");
}

/** Disables what VS Code's pickers and its status bar draw as icons: `$(name)`. */
export function withoutIcons(text: string): string {
  // A word joiner is invisible, and stops VS Code from reading the sign.
  return text.replace(/\$\(/g, "$\u2060(");
}
