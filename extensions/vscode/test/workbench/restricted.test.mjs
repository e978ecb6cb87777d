/** Restricted Mode: nothing of the extension needs a folder that is trusted. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { chatWithGrace, inBrowser, message } from "./people.mjs";
import { steps, Workbench } from "./workbench.mjs";

describe("a folder that nobody trusts", () => {
  let server, bench, window, grace;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    for (const name of ["ada", "grace"]) await server.signUp(name);
    bench = await Workbench.create({
      settings: {
        "security.workspace.trust.enabled": true,
        "security.workspace.trust.startupPrompt": "never",
        "mediaChat.serverUrl": server.url,
      },
    });
    bench.write("hello.py", "def hello():\n    return 'hello'\n");
    bench.write(
      ".vscode/settings.json",
      JSON.stringify({
        "mediaChat.serverUrl": "http://127.0.0.1:9",
        "mediaChat.notifications": false,
      }),
    );
    spawnSync("git", ["init", "-q"], { cwd: bench.workspace });
    grace = await inBrowser(bench, server, "grace");
    window = await bench.open();
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  step("is what the window has opened", async () => {
    await window.page
      .locator(
        '.statusbar-item[id="status.workspaceTrust"], .statusbar-item[aria-label*="Restricted Mode"]',
      )
      .first()
      .waitFor();
  });

  step("does not keep one from signing in, at the machine's server", async () => {
    await window.showChat();
    assert.equal(await window.chat.locator("input[name=server]").inputValue(), server.url);
    await window.signIn(server.url, "ada", PASSWORD);
    await window.chat.locator("mc-app .app").waitFor();
  });

  step("does not keep messages from going and coming", async () => {
    await chatWithGrace(window, grace, "From Restricted Mode", "To Restricted Mode");
  });

  step("does not keep a file and lines of code from being shared", async () => {
    await window.openFile("hello.py");
    await window.shareFile("grace");
    await grace.locator(".file-card", { hasText: "hello.py" }).waitFor();
    await window.selectLines(1);
    await window.shareSelection("grace", "Some lines");
    await message(grace, "Some lines").locator(".shared-code", { hasText: "hello.py:1" }).waitFor();
  });

  step("has not become one that is trusted on the way", async () => {
    await until(
      "Restricted Mode",
      async () =>
        (await window.page.locator('.statusbar-item[aria-label*="Restricted Mode"]').count()) > 0,
    );
    assert.equal(await window.page.locator(".monaco-dialog-box").count(), 0);
    await window.screenshot("restricted");
  });
});
