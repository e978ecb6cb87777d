/**
 * Installs VS Code workbenches that a browser can drive: code-server from npm, its own Node, no
 * native builds. Once for each version of the lock files in the folders beside this.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/** The newest release, and the oldest that the manifest's `engines.vscode` names. */
export const RELEASES = ["newest", "oldest"];

/**
 * @param {string} release one of {@link RELEASES}
 * @returns {Promise<{node: string, codeServer: string, builtIn: string, version: string}>} the programs
 *   to run, the folder of VS Code's own extensions, and which VS Code it is
 */
export async function installWorkbench(release = "newest") {
  const folder = path.resolve(here, "../../.workbench", release);
  const done = path.join(folder, "installed");
  const lock = readFileSync(path.join(here, release, "package-lock.json"), "utf8");
  if (!existsSync(done) || readFileSync(done, "utf8") !== lock) {
    const start = Date.now();
    mkdirSync(folder, { recursive: true });
    cpSync(path.join(here, release), folder, { recursive: true });
    await npm(folder, "ci", "--ignore-scripts");
    await Promise.all([
      // The node package puts its binary where it belongs by a script; code-server's would compile.
      npm(folder, "rebuild", "node"),
      // Its own lock file names the versions, but is not quite in step with it, which `ci` refuses.
      npm(
        path.join(folder, "node_modules/code-server/lib/vscode"),
        "install",
        "--omit=dev",
        "--ignore-scripts",
      ),
    ]);
    writeFileSync(done, lock);
    console.error(
      `The ${release} workbench to test in was installed in ${Math.round((Date.now() - start) / 1000)} s.`,
    );
  }
  const codeServer = path.join(folder, "node_modules/code-server");
  return {
    node: path.join(folder, "node_modules/node/bin/node"),
    codeServer: path.join(codeServer, "out/node/entry.js"),
    builtIn: path.join(codeServer, "lib/vscode/extensions"),
    version: JSON.parse(readFileSync(path.join(codeServer, "lib/vscode/package.json"), "utf8"))
      .version,
  };
}

async function npm(cwd, ...args) {
  const child = spawn("npm", [...args, ...QUIET], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed: ${said.slice(0, 600)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await Promise.all(RELEASES.map((release) => installWorkbench(release)));
