/** Runs the tests in workbenches, two files at a time: each has an editor and a server of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ChatServer } from "./chat-server.mjs";
import { installWorkbench, RELEASES } from "./install.mjs";
import { prepareExtensions, ROUNDS } from "./workbench.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const LIMIT_MS = 600_000 * ROUNDS;
/** It measures times, so it runs when it is named, and nothing beside it. */
const ALONE = "speed.test.mjs";
/** In CI the other parts of the tests keep the cores busy. */
const AT_ONCE = process.env.CI ? 1 : Math.min(2, os.availableParallelism());

await Promise.all(RELEASES.map((release) => installWorkbench(release)));
process.env.PREPARED = await prepared();
const files = readdirSync(here)
  .filter((name) => name.endsWith(".test.mjs") && isWanted(name))
  .sort();
const took = [];
const failed = [];
const waiting = [...files];
await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
console.error(
  took.map(({ name, seconds }) => `${String(seconds).padStart(5)} s  ${name}`).join("\n"),
);
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(", ")}`);
  process.exit(1);
}

/** What each file would begin with again: a server's empty database, and the extensions. */
async function prepared() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "media-chat-prepared-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["data", "ext"]) mkdirSync(path.join(folder, name));
  const server = new ChatServer();
  server.dataDir = path.join(folder, "data");
  server.migrate();
  await prepareExtensions(folder);
  return folder;
}

/** @param {string} name */
function isWanted(name) {
  return wanted.length === 0 ? name !== ALONE : wanted.some((word) => name.includes(word));
}

async function takeTurns() {
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    if (!(await passes(name))) failed.push(name);
  }
}

/** @param {string} name */
async function passes(name) {
  const start = Date.now();
  const child = spawn(process.execPath, ["--test-reporter=spec", path.join(here, name)], {
    timeout: LIMIT_MS,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
  const [status] = await once(child, "close");
  took.push({
    name: status === 0 ? name : `${name} failed`,
    seconds: Math.round((Date.now() - start) / 1000),
  });
  // In one piece, since another file speaks at the same time.
  process.stderr.write(`\n${name}\n${said}`);
  return status === 0;
}
