/**
 * Installs a VS Code workbench that a browser can drive: code-server from npm, its own Node, no
 * native builds. Once for each version of the lock file beside this.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
export const folder = path.resolve(here, "../../.workbench");
const done = path.join(folder, "installed");

/** @returns {{node: string, codeServer: string}} the programs to run */
export function installWorkbench() {
  const lock = readFileSync(path.join(here, "package-lock.json"), "utf8");
  if (!existsSync(done) || readFileSync(done, "utf8") !== lock) {
    console.error("Installing a workbench to test in ...");
    mkdirSync(folder, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) cpSync(path.join(here, name), path.join(folder, name));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    npm(folder, "ci", "--ignore-scripts", ...quiet);
    // The node package puts its binary where it belongs by a script; code-server's would compile.
    npm(folder, "rebuild", "node", ...quiet);
    // Its own lock file names the versions, but is not quite in step with it, which `ci` refuses.
    npm(path.join(folder, "node_modules/code-server/lib/vscode"), "install", "--omit=dev", "--ignore-scripts", ...quiet);
    writeFileSync(done, lock);
  }
  return {
    node: path.join(folder, "node_modules/node/bin/node"),
    codeServer: path.join(folder, "node_modules/code-server/out/node/entry.js"),
  };
}

function npm(cwd, ...args) {
  const { status, stderr } = spawnSync("npm", args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed: ${stderr.slice(0, 600)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installWorkbench();
