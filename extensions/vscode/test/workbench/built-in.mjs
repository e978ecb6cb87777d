/**
 * VS Code's own extensions, as the tests' workbenches have them. Each window reads every manifest and
 * starts what wants to be started, which is a fifth of what it costs to open one.
 */
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import path from "node:path";

/** What no test asks for. Git, languages, notebooks, pictures, themes and all that is newer than this list stay. */
const LEFT_OUT = new Set([
  "copilot",
  "github",
  "github-authentication",
  "microsoft-authentication",
  "tunnel-forwarding",
  "ms-vscode.js-debug",
  "ms-vscode.js-debug-companion",
  "ms-vscode.vscode-js-profile-table",
  "debug-auto-launch",
  "debug-server-ready",
  "terminal-suggest",
  "typescript-language-features",
  "css-language-features",
  "html-language-features",
  "json-language-features",
  "markdown-language-features",
  "php-language-features",
  "markdown-math",
  "mermaid-markdown-features",
  "extension-editing",
  "emmet",
  "npm",
  "grunt",
  "gulp",
  "jake",
]);

/**
 * Makes a folder with links to those that stay.
 * @param {string} folder to make
 * @param {string} all the folder that VS Code came with
 */
export function linkBuiltIn(folder, all) {
  mkdirSync(folder);
  for (const name of readdirSync(all)) {
    if (!LEFT_OUT.has(name)) symlinkSync(path.join(all, name), path.join(folder, name));
  }
}
