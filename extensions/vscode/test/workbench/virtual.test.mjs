/** The extension in a workspace that is on no disk. */
import assert from "node:assert/strict";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { message } from "./people.mjs";
import { steps, Workbench } from "./workbench.mjs";

/** Extensions of the tests: the one that makes a virtual workspace. */
const providers = path.join(path.dirname(fileURLToPath(import.meta.url)), "providers");

describe("a virtual workspace", () => {
  let server, bench, window, grace, direct;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    ({ grace, direct } = await server.adaAndGrace());
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    bench.install(providers);
    window = await bench.open({ folder: "memory:/" });
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  const newest = (fits) =>
    until("The message", async () => (await server.messages(grace, direct)).findLast(fits));

  step("is none that the extension is switched off in", async () => {
    await window.showExplorer();
    await window.row("notes.md").waitFor();
    await window.signInToRoomWith(server.url, "ada", PASSWORD, "grace");
  });

  step("has its files shared from the Explorer's menu", async () => {
    await window.showExplorer();
    await window.chooseInMenuOf(window.row("notes.md"), "Share in Media Chat");
    await window.pick("grace");
    const {
      attachments: [file],
    } = await newest(({ attachments }) => attachments.length > 0);
    assert.equal(file.name, "notes.md");
    assert.equal(await (await server.get(file.url, grace)).text(), "# Notes\n");
  });

  step("has its lines shared, and opened again", async () => {
    await window.showExplorer();
    await window.row("src").click();
    await window.row("tool.py").dblclick();
    await window.page.locator(".monaco-editor .view-line", { hasText: "memory" }).first().click();
    await window.page.keyboard.press("Control+A");
    await window.shareSelection("grace", "From memory");
    const { code } = await newest(({ body }) => body === "From memory");
    assert.equal(code.path, "src/tool.py");
    assert.equal(code.repository, "");
    await window.command("View: Close All Editors");
    await window.showChat();
    await message(window.chat, "From memory").locator(".shared-code button").click();
    await window.page.locator(".tab.active", { hasText: "tool.py" }).waitFor();
    await window.page
      .locator('.statusbar-item[id="status.editor.selection"]', { hasText: "selected" })
      .waitFor();
  });

  step("leaves a person in the Explorer, however soon after a room was opened", async () => {
    const [lexers] = await Promise.all(
      ["Lexers", "Parsers"].map((name) =>
        server.openRoom(grace, { kind: "private", name, members: ["ada"] }),
      ),
    );
    for (let round = 0; round < 6; round++) {
      await window.openRoom(round % 2 ? "grace" : "Parsers");
      await sleep(60 * round);
      await window.showExplorer();
      // When the badge says so, the extension has done what it does after a room was opened.
      for (const sent of [2 * round + 1, 2 * round + 2]) {
        await server.send(grace, lexers, `Message ${sent}`);
        await until("The badge", async () => (await window.badge.innerText()) === String(sent));
      }
      assert.ok(await window.row("notes.md").isVisible(), `round ${round}`);
    }
  });

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
