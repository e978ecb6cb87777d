/** A day with the extension: the seeds' steps and what follows, in a real workbench. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { chatWithGrace, inBrowser, message, picture, say } from "./people.mjs";
import { STATE, VIEW } from "./window.mjs";
import { steps, Workbench } from "./workbench.mjs";

describe("a day in the editor", () => {
  let server, bench, window, second, grace;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    for (const name of ["ada", "grace"]) await server.signUp(name);
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    bench.write("hello.py", "def hello():\n    return 'hello'\n\n\ndef other():\n    return 1\n");
    bench.write("later.py", "later = True\n");
    grace = await inBrowser(bench, server, "grace");
    window = await bench.open();
  });

  after(async () => {
    if (window) await window.screenshot("last");
    await bench?.end();
    await server?.end();
  });

  step("shows the form when the icon is clicked, and says that a password is wrong", async () => {
    await window.icon.click();
    await window.chat.locator("input[name=username]").waitFor();
    await window.signIn(server.url, "ada", "no such password");
    const problem = window.chat.locator("#problem");
    await problem.filter({ hasText: "password is wrong" }).waitFor();
  });

  step("takes username and password, and opens the chat", async () => {
    await window.signIn(server.url, "ada", PASSWORD);
    await window.chat.locator("mc-app .app").waitFor();
  });

  step("starts a chat and sends a message, which the other has in the browser", async () => {
    await chatWithGrace(window, grace, "Hello from the editor", "Hello from the **browser**");
  });

  step("shares an image with the browser", async () => {
    const file = { name: "red.png", mimeType: "image/png", buffer: picture(40, 30, [200, 0, 0]) };
    await window.chat.locator(".composer-file").setInputFiles([file]);
    await window.chat.locator("mc-upload-tray", { hasText: "red.png" }).waitFor();
    await window.chat.locator("mc-composer textarea").press("Enter");
    const image = grace.locator("mc-message img").last();
    await until("The image", () => image.evaluate((img) => img.complete && img.naturalWidth > 0));
  });

  step("shows that image itself, though the webview may ask no server", async () => {
    const image = window.chat.locator("mc-message .thumbnail img").last();
    await until("The image", () => image.evaluate((img) => img.naturalWidth > 1));
    assert.match(await image.getAttribute("src"), /^blob:/);
  });

  step("opens an image in an editor tab", async () => {
    await window.chat.locator("mc-message .thumbnail").last().click();
    await window.page.locator(".tab", { hasText: "red.png" }).waitFor();
  });

  step("saves a file that came from the browser, byte for byte", async () => {
    const content = "a,b\n1,2\n";
    await grace
      .locator(".composer-file")
      .setInputFiles([{ name: "table.csv", mimeType: "text/csv", buffer: Buffer.from(content) }]);
    await grace.locator("mc-upload-tray", { hasText: "table.csv" }).waitFor();
    await grace.locator("mc-composer textarea").press("Enter");
    await window.chat.locator(".file-card", { hasText: "table.csv" }).click();
    const input = window.page.locator(".quick-input-widget:visible input").first();
    await input.waitFor();
    await until("The proposed name", async () => (await input.inputValue()).endsWith("table.csv"));
    await input.press("Enter");
    await window.notification("table.csv was saved").waitFor();
    assert.equal(bench.read("table.csv").toString(), content);
  });

  step("shares a file of the workspace by the palette", async () => {
    await window.openFile("hello.py");
    await window.shareFile("grace");
    await grace.locator(".file-card", { hasText: "hello.py" }).waitFor();
  });

  step(
    "shares a selection as code that opens at its lines, also after they have moved",
    async () => {
      await window.selectLines(2);
      await window.shareSelection("grace", "Look at this");
      const shared = message(grace, "Look at this");
      await shared.locator(".shared-code", { hasText: "hello.py:1–2" }).waitFor();
      assert.ok((await shared.locator("pre code.language-python span").count()) > 3);

      bench.write("hello.py", "# one\n# two\n# three\ndef hello():\n    return 'hello'\n");
      await window.page.locator(".monaco-editor .view-line", { hasText: "# three" }).waitFor();
      await message(window.chat, "Look at this").locator(".shared-code button").click();
      await window.page
        .locator('.statusbar-item[id="status.editor.selection"]', { hasText: "Ln 5" })
        .waitFor();
    },
  );

  step("says that shared lines are gone", async () => {
    bench.write("hello.py", "nothing of it\n");
    await window.page.locator(".monaco-editor .view-line", { hasText: "nothing of it" }).waitFor();
    await message(window.chat, "Look at this").locator(".shared-code button").click();
    await window.notification("The shared lines of hello.py:1–2 are gone").waitFor();
  });

  step("keeps an unsent draft and the room when the window is reloaded", async () => {
    await window.chat.locator("mc-composer textarea").fill("not sent yet");
    await window.hasStored(STATE, (state) => state.includes("not sent yet"));
    await window.page.reload();
    await window.page.locator(".monaco-workbench .activitybar").waitFor();
    await window.showChat();
    const textarea = window.chat.locator("mc-composer textarea");
    await until("The draft", async () => (await textarea.inputValue()) === "not sent yet");
    await textarea.fill("");
  });

  step("follows the editor's theme at once, high contrast too", async () => {
    const body = window.chat.locator("body");
    const colour = () =>
      window.chat
        .locator(".room-header, mc-room-header")
        .first()
        .evaluate((header) => getComputedStyle(header).color);
    const seen = new Set();
    for (const [theme, kind] of [
      ["Dark Modern", "vscode-dark"],
      ["Dark High Contrast", "vscode-high-contrast"],
      ["Light Modern", "vscode-light"],
    ]) {
      await window.page.keyboard.press("Control+K");
      await window.page.keyboard.press("Control+T");
      await window.page.locator(".quick-input-widget:visible input").first().fill(theme);
      await window.pick(theme);
      await until(theme, () =>
        body.evaluate((element, wanted) => element.classList.contains(wanted), kind),
      );
      seen.add(await colour());
      await window.screenshot(kind.replace("vscode-", ""));
    }
    assert.equal(seen.size, 3, `these colours were seen: ${[...seen].join(", ")}`);
  });

  step("sends what was written while the server was down, once it is back", async () => {
    await server.kill();
    await window.chat.locator(".connection-line").waitFor();
    await window.page
      .locator('.statusbar-item[id*="mediaChat.status"] .codicon-debug-disconnect')
      .waitFor();
    await say(window.chat, "written while it was down");
    await message(window.chat, "written while it was down").locator(".message-waiting").waitFor();
    await server.start();
    await message(grace, "written while it was down").waitFor();
    await window.chat.locator(".connection-line").waitFor({ state: "detached" });
    assert.equal(await message(grace, "written while it was down").count(), 1);
    assert.equal(await message(window.chat, "written while it was down").count(), 1);
  });

  step(
    "shows at once what is shared while the server is down, keeps it over a reload, and sends it once",
    async () => {
      await window.openFile("hello.py");
      await server.kill();
      await window.statusBar.locator(".codicon-debug-disconnect").waitFor();
      const waits = (text) => message(window.chat, text).locator(".message-waiting");
      await window.selectLines(1);
      await window.shareSelection("grace", "Lines for later");
      await waits("Lines for later").waitFor();
      await window.selectLines(1);
      await window.shareSelection("grace", "Thought better of");
      await waits("Thought better of").getByRole("button", { name: "Discard" }).click();
      await message(window.chat, "Thought better of").waitFor({ state: "detached" });
      await window.openFile("later.py");
      await window.shareFile("grace");
      const file = window.chat.locator("mc-message", {
        has: window.chat.locator(".upload-name", { hasText: "later.py" }),
      });
      await file.locator(".message-waiting").waitFor();
      await window.screenshot("shared-while-away");
      await window.page.reload();
      await window.page.locator(".monaco-workbench .activitybar").waitFor();
      // Before the server is there again, from which the rooms come.
      await window.showChat();
      await window.chat.getByRole("heading", { name: "2 messages wait for the server" }).waitFor();
      await window.chat
        .locator(".unsent", { hasText: "Lines for later" })
        .locator(".unsent-place", { hasText: "grace" })
        .waitFor();
      await window.chat.locator(".unsent", { hasText: "later.py" }).waitFor();
      await window.screenshot("waiting-after-reload");
      // Where the list of rooms is alone in sight, it says so.
      await window.page.locator('.pane-header[aria-label^="Chat"]').click();
      await window.page.locator(".sidebar", { hasText: "2 messages wait." }).waitFor();
      await window.page.locator('.pane-header[aria-label^="Chat"]').click();
      await server.start();
      await message(grace, "Lines for later").waitFor();
      await grace.locator(".file-card", { hasText: "later.py" }).waitFor();
      await message(window.chat, "Lines for later")
        .and(window.chat.locator(":not(.is-unsent)"))
        .waitFor();
      await until(
        "Nothing that waits",
        async () => (await window.chat.locator("mc-message.is-unsent").count()) === 0,
      );
      for (const [text, count] of [
        ["Lines for later", 1],
        ["later.py", 1],
        ["Thought better of", 0],
      ]) {
        assert.equal(await grace.locator("mc-message", { hasText: text }).count(), count, text);
      }
    },
  );

  step(
    "shows badge and notification of what was written while the window was reloaded",
    async () => {
      await window.showExplorer();
      // Nothing is stored of what is in front when it is the Explorer.
      await window.hasStored("workbench.sidebar.activeviewletid", (id) =>
        ["", "workbench.view.explorer"].includes(id),
      );
      await window.page.reload();
      // No host of this window is connected yet, and it begins without the view.
      await say(grace, "Are you there?");
      await window.notification("Are you there?").waitFor();
      assert.equal(await window.page.locator(VIEW).count(), 0);
      await until("The badge", async () => (await window.badge.innerText()) === "1");
      await window.screenshot("badge");
    },
  );

  step("opens the room from the notification, and the badge goes", async () => {
    await window.notification("Are you there?").hover();
    await window.page
      .locator(".notification-toast")
      .getByRole("link", { name: "Open" })
      .first()
      .click();
    await message(window.chat, "Are you there?").waitFor();
    await window.chat.locator("mc-composer textarea").click();
    await window.notification("Are you there?").waitFor({ state: "detached" });
    await until(
      "The badge to go",
      async () => (await window.badge.count()) === 0 || !(await window.badge.isVisible()),
    );
  });

  step("does not notify when it is not to disturb", async () => {
    await window.command("Media Chat: Do Not Disturb");
    await window.statusBar.locator(".codicon-bell-slash").waitFor();
    await window.page.keyboard.press("Control+Shift+E");
    await say(grace, "Shh");
    await until("The badge", async () => (await window.badge.innerText()) === "1");
    await window.page.waitForTimeout(800);
    assert.equal(await window.notification("Shh").count(), 0);
    await window.command("Media Chat: Allow Notifications Again");
  });

  step(
    "shows in one window what was chosen in another: not to disturb, and a muted room",
    async () => {
      second = await bench.open();
      await second.online();
      await second.command("Media Chat: Do Not Disturb");
      await window.statusBar.locator(".codicon-bell-slash").waitFor();
      await window.command("Media Chat: Allow Notifications Again");
      await second.statusBar.locator(".codicon-bell-slash").waitFor({ state: "detached" });

      await window.openRoom("grace");
      await until("The badge to go", async () => !(await window.badge.isVisible()));
      await second.command("Media Chat: Mute Room");
      // Both choose something at the same moment, and neither takes back what the other chose.
      await Promise.all([second.pick("grace"), window.command("Media Chat: Do Not Disturb")]);
      await window.row("grace").filter({ hasText: "muted" }).waitFor();
      await second.statusBar.locator(".codicon-bell-slash").waitFor();
      await second.showRooms();
      await second.row("grace").filter({ hasText: "muted" }).waitFor();
      await window.statusBar.locator(".codicon-bell-slash").waitFor();
      await window.command("Media Chat: Allow Notifications Again");
      await second.statusBar.locator(".codicon-bell-slash").waitFor({ state: "detached" });
      await second.row("grace").filter({ hasText: "muted" }).waitFor();
      for (const each of [window, second]) await each.showExplorer();
      await say(grace, "Quietly");
      await until("The message", () =>
        message(grace, "Quietly")
          .locator(".message-sending, .message-waiting")
          .count()
          .then((count) => count === 0),
      );
      assert.equal((await window.badge.count()) && (await window.badge.isVisible()), false);
      await second.command("Media Chat: Unmute Room");
      await second.pick("grace");
      await until("The badge", async () => (await window.badge.innerText()) === "1");
      await window.statusBar.filter({ hasText: "1" }).waitFor();
    },
  );

  step("has one outbox in two windows: what waits is seen and discarded in either", async () => {
    for (const each of [window, second]) {
      await each.command("Media Chat: Open Room");
      await each.pick("grace");
      await each.chat.locator("mc-room-header", { hasText: "grace" }).waitFor();
    }
    await server.kill();
    for (const each of [window, second]) await each.chat.locator(".connection-line").waitFor();
    for (const text of ["Waits for both", "Waits for nobody"]) await say(window.chat, text);
    const waits = message(second.chat, "Waits for nobody").locator(".message-waiting");
    await message(second.chat, "Waits for both").locator(".message-waiting").waitFor();
    await waits.getByRole("button", { name: "Discard" }).click();
    await message(window.chat, "Waits for nobody").waitFor({ state: "detached" });
    await server.start();
    await message(grace, "Waits for both").waitFor({ timeout: 60_000 });
    for (const each of [window, second])
      await each.chat.locator("mc-message.is-unsent").first().waitFor({ state: "detached" });
    for (const each of [grace, window.chat, second.chat]) {
      assert.equal(await message(each, "Waits for both").count(), 1);
      assert.equal(await message(each, "Waits for nobody").count(), 0);
    }
  });

  step("signs out in two windows at once", async () => {
    await second.command("Media Chat: Sign Out");
    await window.page.bringToFront();
    await window.showChat();
    await window.chat.locator("input[name=username]").waitFor();
    await second.page.close();
  });

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
