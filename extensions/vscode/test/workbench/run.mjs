/** Runs the tests in the workbench one after the other: each has an editor and a server of its own. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installWorkbench } from "./install.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv[2] ?? "";
const LIMIT_MS = 420_000;

installWorkbench();
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs") && name.includes(wanted)).sort();
const failed = files.filter((name) => {
  if (passes(name)) return false;
  // CI's machine is shared, and may stand still while an editor draws. What fails twice is wrong.
  if (!process.env.CI) return true;
  console.error(`${name} failed; once more.`);
  return !passes(name);
});
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(", ")}`);
  process.exit(1);
}

/** @param {string} name */
function passes(name) {
  const { status } = spawnSync(process.execPath, ["--test-reporter=spec", path.join(here, name)], {
    stdio: "inherit",
    timeout: LIMIT_MS,
  });
  return status === 0;
}
