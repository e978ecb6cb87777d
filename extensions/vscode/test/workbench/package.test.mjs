/** The package: the same bytes whoever builds it, and nothing in it that it does not need. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { extension } from "./workbench.mjs";

const root = path.resolve(extension, "../..");
const folders = [];

after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Builds the package from a copy of the checkout that lies elsewhere, by another clock and another owner's habits. */
function buildElsewhere({ zone, mode, time }) {
  mkdirSync(path.join(root, "artefacts"), { recursive: true });
  const folder = mkdtempSync(path.join(root, "artefacts/build-"));
  folders.push(folder);
  const left = new Set(["node_modules", ".workbench", "artefacts", "dist", "media-chat.vsix"]);
  for (const name of ["extensions/vscode", "static", "templates"]) {
    cpSync(path.join(root, name), path.join(folder, name), {
      recursive: true,
      filter: (file) => !left.has(path.relative(extension, file)) && !file.endsWith("node_modules"),
    });
  }
  copyFileSync(path.join(root, "package.json"), path.join(folder, "package.json"));
  // Links to each file: it is too much to copy, and a link to the whole is followed to where it leads.
  for (const name of ["node_modules", "extensions/vscode/node_modules"]) {
    assert.equal(
      spawnSync("cp", ["-al", path.join(root, name), path.join(folder, name)]).status,
      0,
    );
  }
  const copy = path.join(folder, "extensions/vscode");
  for (const name of readdirSync(copy, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const file = path.join(name.parentPath, name.name);
    if (file.includes("node_modules")) continue;
    chmodSync(file, mode);
    utimesSync(file, time, time);
  }
  const env = { ...process.env, TZ: zone };
  for (const [program, ...args] of [
    ["node", "esbuild.mjs"],
    ["npm", "run", "--silent", "package"],
  ]) {
    const { status, stderr } = spawnSync(program, args, { cwd: copy, env, encoding: "utf8" });
    assert.equal(status, 0, stderr);
  }
  return readFileSync(path.join(copy, "media-chat.vsix"));
}

const sum = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("the package is the same bytes from any checkout, at any time", (t) => {
  const one = buildElsewhere({
    zone: "Asia/Tokyo",
    mode: 0o644,
    time: new Date("2021-03-04T05:06:07Z"),
  });
  const other = buildElsewhere({ zone: "America/Lima", mode: 0o600, time: new Date() });
  t.diagnostic(`sha256 ${sum(one)}, ${Math.round(one.length / 1024)} KB`);
  assert.equal(sum(one), sum(other));
  assert.equal(
    sum(readFileSync(path.join(extension, "media-chat.vsix"))),
    sum(one),
    "`make vsix` made another",
  );
});
