import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Memento } from "vscode";
import { FolderValues } from "../../src/platform/folder-values.js";
import { NotificationSettings } from "../../src/rooms/notification-settings.js";
import { DiskFolder, folderFor, Kept } from "./disk-folder.js";

/** One window. `state` is what it has of earlier versions. */
async function window(t: TestContext, folder: string, state: Memento = new Kept()) {
  const kept = new FolderValues(new DiskFolder(folder), (words) => assert.fail(words));
  const notificationSettings = new NotificationSettings(kept);
  const told: string[] = [];
  notificationSettings.onDidChange(
    () =>
      void told.push(
        `${notificationSettings.doNotDisturb} ${["a", "b", "c"].filter((id) => notificationSettings.isMuted(id)).join()}`,
      ),
  );
  await notificationSettings.open(state);
  t.after(() => notificationSettings.dispose());
  return { notificationSettings, kept, told };
}

test("what two windows choose at the same moment holds in both, and in the next", async (t) => {
  const folder = await folderFor(t);
  const [one, other] = [await window(t, folder), await window(t, folder)];
  await one.notificationSettings.mute("c", true);
  await other.kept.look();
  await Promise.all([
    one.notificationSettings.mute("a", true),
    other.notificationSettings.mute("b", true),
    one.notificationSettings.setDoNotDisturb(true),
    other.notificationSettings.mute("c", false),
  ]);
  await Promise.all([one.kept.look(), other.kept.look()]);
  const next = await window(t, folder);
  for (const { notificationSettings } of [one, other, next]) {
    assert.deepEqual(
      ["a", "b", "c"].map((id) => notificationSettings.isMuted(id)),
      [true, true, false],
    );
    assert.equal(notificationSettings.doNotDisturb, true);
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
  await one.notificationSettings.mute("a", false);
  await one.notificationSettings.setDoNotDisturb(false);
  const next = await window(t, folder, state);
  assert.equal(next.told.at(-1), "false b");
});
