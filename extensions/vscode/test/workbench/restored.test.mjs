/** A server that was restored from a backup, told in one window, once. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { steps, Workbench } from "./workbench.mjs";
import { VIEW } from "./window.mjs";

const WORDS = "was restored from a backup. Messages that were written after that backup are gone.";

describe("a server that was restored from a backup", () => {
  let server, bench, window;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    await server.openRoom(await server.signUp("ada"), {
      kind: "private",
      name: "Compilers",
      members: [],
    });
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    window = await bench.open();
    await window.signIn(server.url, "ada", PASSWORD);
    await window.chat.locator("mc-app .app").waitFor();
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  const restore = () => server.shell("from chat.actions import history; history.begin_epoch()");
  const told = async (each = window) =>
    (await each.notifications()).filter((text) => text.includes(WORDS)).length;
  /** A notification that was to come would have come by then. */
  const aMoment = () => window.page.waitForTimeout(3000);

  step("is told by the page alone where the chat is in sight", async () => {
    await window.openRoom("Compilers");
    restore();
    await window.chat.getByText("The history was restored from a backup.").waitFor();
    await aMoment();
    assert.equal(await told(), 0);
  });

  step(
    "is told in the window when the chat is not in sight, and not again after a reload",
    async () => {
      await window.showExplorer();
      restore();
      await window.notification(WORDS).waitFor();
      assert.equal(await told(), 1);
      await window.screenshot("restored");
      await window.page.reload();
      await window.page.locator(".monaco-workbench .activitybar").waitFor();
      await window.online();
      await aMoment();
      assert.equal(await told(), 0);
      assert.equal(await window.page.locator(VIEW).count(), 0);
    },
  );

  step("is told in one of two windows", async () => {
    const second = await bench.open();
    await second.online();
    await second.showExplorer();
    restore();
    await until("A notification", async () => (await told()) + (await told(second)) > 0);
    await aMoment();
    assert.equal((await told()) + (await told(second)), 1);
    await second.page.close();
  });

  step("is told by the next window when none was open, and leads to the chat", async () => {
    await window.page.close();
    restore();
    window = await bench.open();
    await window.notification(WORDS).waitFor();
    await window.notification(WORDS).hover();
    await window.page
      .locator(".notification-toast .monaco-button", { hasText: "Open" })
      .first()
      .click();
    await window.chat.locator("mc-app .app").waitFor();
    // Its page began with this history.
    assert.equal(await window.chat.getByText("The history was restored from a backup.").count(), 0);
  });

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
