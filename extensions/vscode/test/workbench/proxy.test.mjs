/** Requests and socket take the editor's way to the network: its proxy, with its authorization. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { message, say, startChatWith } from "./people.mjs";
import { forwardProxy } from "./proxy.mjs";
import { steps, Workbench } from "./workbench.mjs";

describe("behind a proxy", () => {
  let server, proxy, strict, bench, window;
  const step = steps(() => window);
  const SECRET = `Basic ${Buffer.from("editor:secret").toString("base64")}`;
  // A name that no resolver knows: whoever reaches it has gone through the proxy.
  const NAME = "chat.behind-the-proxy.invalid";

  before(async () => {
    server = await ChatServer.create({ settings: { ALLOWED_HOSTS: `${NAME},127.0.0.1` } });
    for (const name of ["ada", "grace"]) await server.signUp(name);
    const places = { [`${NAME}:80`]: { host: "127.0.0.1", port: server.port } };
    proxy = await forwardProxy(places);
    strict = await forwardProxy(places, { authorization: SECRET });
    bench = await Workbench.create({
      settings: { "http.proxy": `http://127.0.0.1:${proxy.port}`, "http.proxySupport": "override" },
    });
    window = await bench.open();
  });

  after(async () => {
    await bench?.end();
    proxy?.close();
    strict?.close();
    await server?.end();
  });

  async function askToSignIn() {
    await window.signIn(`http://${NAME}`, "ada", PASSWORD);
    await window.page
      .locator(".monaco-dialog-box .monaco-button", { hasText: "Sign In Unencrypted" })
      .click();
  }

  step("signs in and connects through it alone", async () => {
    await askToSignIn();
    await window.chat.locator("mc-app .app").waitFor();
    await window.online();
    await startChatWith(window, "grace");
    await say(window.chat, "Through the proxy");
    await message(window.chat, "Through the proxy").waitFor();
    await until(
      "The message to be stored",
      async () =>
        (await window.chat
          .locator("mc-message :is(.message-sending, .message-waiting)")
          .count()) === 0,
    );
    assert.ok(proxy.seen.length > 0);
    assert.ok(
      proxy.seen.every((line) => line.includes(NAME)),
      proxy.seen.join("\n"),
    );
  });

  step("uploads through it too", async () => {
    await window.chat
      .locator(".composer-file")
      .setInputFiles([
        { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x".repeat(200_000)) },
      ]);
    await window.chat.locator("mc-upload-tray", { hasText: "notes.txt" }).waitFor();
    await window.chat.locator("mc-composer textarea").press("Enter");
    await window.chat.locator(".file-card", { hasText: "notes.txt" }).waitFor();
  });

  step("is cut off when the proxy is, and comes back with it", async () => {
    const { port } = proxy;
    proxy.close();
    await window.chat.locator(".connection-line").waitFor();
    proxy = await forwardProxy(
      { [`${NAME}:80`]: { host: "127.0.0.1", port: server.port } },
      { port },
    );
    await window.chat.locator(".connection-line").waitFor({ state: "detached" });
    assert.ok(proxy.seen.length > 0);
  });

  step("says that the proxy refuses, and what to look at", async () => {
    await window.command("Media Chat: Sign Out");
    await window.chat.locator("input[name=username]").waitFor();
    // VS Code gives this to its own requests alone, so what is said has to name the other setting.
    await openBehind(`http://127.0.0.1:${strict.port}`, { "http.proxyAuthorization": SECRET });
    await askToSignIn();
    await window.chat
      .locator("#problem", { hasText: /proxy on the way to .* refuses \(407\).*http\.proxy/ })
      .waitFor();
    assert.deepEqual(strict.seen, []);
  });

  step("gives the proxy the authorization that the editor's settings have", async () => {
    await openBehind(`http://editor:secret@127.0.0.1:${strict.port}`);
    await askToSignIn();
    await window.chat.locator("mc-app .app").waitFor();
    await window.online();
    assert.ok(strict.seen.some((line) => line.includes(NAME)));
  });

  /** A new window, in an editor whose settings name this proxy, and more. */
  async function openBehind(address, more = {}) {
    const settings = { ...bench.settings, "http.proxy": address, ...more };
    writeFileSync(path.join(bench.folder, "ud/User/settings.json"), JSON.stringify(settings));
    await window.page.close();
    window = await bench.open();
  }
});
