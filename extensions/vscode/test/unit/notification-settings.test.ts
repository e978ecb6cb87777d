import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Memento } from "vscode";
import { FolderValues } from "../../src/platform/folder-values.js";
import { Quiet } from "../../src/rooms/notification-settings.js";
import { DiskFolder, folderFor, Kept } from "./disk-folder.js";

/** One window. `state` is what it has of earlier versions. */
async function window(t: TestContext, folder: string, state: Memento = new Kept()) {
  const kept = new FolderValues(new DiskFolder(folder), (words) => assert.fail(words));
  const quiet = new Quiet(kept);
  const told: string[] = [];
  quiet.onDidChange(
    () =>
      void told.push(
        `${quiet.doNotDisturb} ${["a", "b", "c"].filter((id) => quiet.isMuted(id)).join()}`,
      ),
  );
  await quiet.open(state);
  t.after(() => quiet.dispose());
  return { quiet, kept, told };
}

test("what two windows choose at the same moment holds in both, and in the next", async (t) => {
  const folder = await folderFor(t);
  const [one, other] = [await window(t, folder), await window(t, folder)];
  await one.quiet.mute("c", true);
  await other.kept.look();
  await Promise.all([
    one.quiet.mute("a", true),
    other.quiet.mute("b", true),
    one.quiet.setDoNotDisturb(true),
    other.quiet.mute("c", false),
  ]);
  await Promise.all([one.kept.look(), other.kept.look()]);
  const next = await window(t, folder);
  for (const { quiet } of [one, other, next]) {
    assert.deepEqual(
      ["a", "b", "c"].map((id) => quiet.isMuted(id)),
      [true, true, false],
    );
    assert.equal(quiet.doNotDisturb, true);
  }
  // Each is told of what the other chose, and of its own at once.
  assert.equal(one.told.at(-1), "true a,b");
  assert.equal(other.told.at(-1), "true a,b");
});

test("what was chosen before this was kept in files is taken over, once", async (t) => {
  const folder = await folderFor(t);
  const state = new Kept();
  await state.update("mediaChat.muted", ["a", "b"]);
  await state.update("mediaChat.doNotDisturb", true);
  // Windows that start together.
  const [one] = await Promise.all([window(t, folder, state), window(t, folder, state)]);
  assert.equal(one.told.at(-1), "true a,b");
  assert.deepEqual(state.keys(), []);
  await one.quiet.mute("a", false);
  await one.quiet.setDoNotDisturb(false);
  const next = await window(t, folder, state);
  assert.equal(next.told.at(-1), "false b");
});
