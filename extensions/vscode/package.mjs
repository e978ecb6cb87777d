/** Packs the extension: the same bytes from the same sources, on any machine and at any time. */
import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createVSIX, listFiles, PackageManager } from "@vscode/vsce";

// The archive has a time for each file, told by the clock on the wall.
process.env.SOURCE_DATE_EPOCH = "1767225600";
process.env.TZ = "UTC";

const here = path.dirname(fileURLToPath(import.meta.url));
const staged = mkdtempSync(path.join(os.tmpdir(), "media-chat-package-"));
try {
  // It has the rights of each file, too, which differ with the habits of whoever checked them out.
  for (const name of [
    ...(await listFiles({ cwd: here, packageManager: PackageManager.None })),
    ".vscodeignore",
  ]) {
    cpSync(path.join(here, name), path.join(staged, name));
    chmodSync(path.join(staged, name), 0o644);
  }
  await createVSIX({
    cwd: staged,
    packagePath: path.join(here, "media-chat.vsix"),
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
} finally {
  rmSync(staged, { recursive: true });
}
