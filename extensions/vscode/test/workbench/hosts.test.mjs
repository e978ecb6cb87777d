/** The same short way through the extension wherever it may run. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { inBrowser, logIn, message, picture, say, startChatWith } from "./people.mjs";
import { extension, steps, Workbench } from "./workbench.mjs";

describe("the extension wherever it runs", () => {
  let server, bench, window;
  const benches = [];
  const create = async (options) => {
    bench = await Workbench.create(options);
    benches.push(bench);
  };
  const step = steps(() => window);

  after(async () => {
    for (const each of benches) await each.end();
    await server?.end();
  });

  const byForm = () => window.signIn(server.url, "ada", PASSWORD);

  async function byBrowser() {
    await window.showChat();
    await window.chat.locator("input[name=server]").fill(server.url);
    const opened = window.page.context().waitForEvent("page");
    await window.chat.locator("#browser").click();
    const browser = await opened;
    // The workbench leads to pages of this machine through a proxy of its own, which changes where they are.
    await browser.waitForURL(/\/accounts\//);
    await browser.goto(server.url + browser.url().slice(browser.url().indexOf("/accounts/")));
    await logIn(browser, "ada");
    await browser.getByRole("button", { name: "Sign in" }).click();
  }

  async function smoke(signIn = byForm) {
    await signIn();
    await window.chat.locator("mc-app .app").waitFor();
    await startChatWith(window, "grace");
    await say(window.chat, "Hello from here");
    const grace = await inBrowser(bench, server, "grace");
    await grace.locator(".room-entry", { hasText: "ada" }).click();
    await message(grace, "Hello from here").last().waitFor();
    await say(grace, "Hello from there");
    await message(window.chat, "Hello from there").last().waitFor();
    await window.chat
      .locator(".composer-file")
      .setInputFiles([
        { name: "blue.png", mimeType: "image/png", buffer: picture(20, 20, [0, 0, 200]) },
      ]);
    await window.chat.locator("mc-upload-tray", { hasText: "blue.png" }).waitFor();
    await window.chat.locator("mc-composer textarea").press("Enter");
    const image = window.chat.locator("mc-message .thumbnail img").last();
    await until("The image", () => image.evaluate((img) => img.naturalWidth > 1));
    await grace.context().close();
  }

  step("works where the webview has an origin of its own, as on vscode.dev", async () => {
    server = await ChatServer.create();
    for (const name of ["ada", "grace"]) await server.signUp(name);
    await create();
    window = await bench.open({
      configure: (settings) => {
        const { webviewEndpoint, productConfiguration } = settings;
        delete settings.webviewEndpoint;
        productConfiguration.webviewContentExternalBaseUrlTemplate = `http://{{uuid}}.localhost:${bench.port}/${webviewEndpoint}/`;
      },
    });
    await smoke();
    const hosts = window.page.frames().map((frame) => new URL(frame.url()).host);
    assert.ok(
      hosts.some((host) => host.endsWith(`.localhost:${bench.port}`)),
      "the webview was not isolated",
    );
    await bench.end();
  });

  step("works in the browser's own extension host, also to sign in with the browser", async () => {
    const vsix = packagedForTheBrowser();
    await create({ vsix });
    window = await bench.open();
    await smoke(byBrowser);
    assert.ok(window.page.workers().length > 0, "there is no worker for the extension to run in");
    rmSync(path.dirname(vsix), { recursive: true });
    await bench.end();
  });

  step("works in the oldest VS Code that its manifest names", async () => {
    await create({ release: "oldest" });
    const { engines } = JSON.parse(readFileSync(path.join(extension, "package.json"), "utf8"));
    assert.equal(
      bench.version.replace(/\d+$/, "0"),
      engines.vscode.replace("^", ""),
      "this is not the oldest",
    );
    window = await bench.open();
    await smoke();
  });
});

/** The package without its part for Node, so that the workbench has but one place to run it. */
function packagedForTheBrowser() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "media-chat-web-"));
  const copy = path.join(folder, "extension");
  const left = new Set(["node_modules", ".workbench", "artefacts", "test", "src"]);
  cpSync(extension, copy, {
    recursive: true,
    filter: (name) => !left.has(path.relative(extension, name)),
  });
  const manifest = JSON.parse(readFileSync(path.join(copy, "package.json"), "utf8"));
  delete manifest.main;
  // Where there is a remote host, as here, a "workspace" extension waits for it.
  delete manifest.extensionKind;
  writeFileSync(path.join(copy, "package.json"), JSON.stringify(manifest));
  const vsix = path.join(folder, "web.vsix");
  const vsce = path.join(extension, "node_modules/.bin/vsce");
  const { status, stderr } = spawnSync(
    vsce,
    ["package", "--no-dependencies", "--no-rewrite-relative-links", "--out", vsix],
    { cwd: copy, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return vsix;
}
