/**
 * How long the extension keeps the editor: its activation, and the way from the icon to the chat.
 * Other work on the machine only adds to a time, so of several the best is held to the limit;
 * the median is told.
 */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD } from "./chat-server.mjs";
import { steps, Workbench } from "./workbench.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const ACTIVATION_MS = 100;
const OPENING_MS = 1000;

describe("how long it takes", () => {
  let server, bench, window;
  const step = steps(() => window);
  const activations = [];
  const openings = [];

  before(async () => {
    server = await ChatServer.create();
    await server.signUp("ada");
    const grace = await server.signUp("grace");
    const room = await server.openRoom(grace, { kind: "direct", name: "", members: ["ada"] });
    for (let number = 1; number <= 60; number++)
      await server.send(grace, room, `Message **${number}**`);
    bench = await Workbench.create({
      settings: { "mediaChat.serverUrl": server.url },
      whole: true,
    });
    window = await bench.open();
    await window.signIn(server.url, "ada", PASSWORD);
    await window.openRoom("grace");
    await window.chat.locator("mc-message").last().waitFor();
    await window.page.waitForTimeout(1000);
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
  const told = (numbers) =>
    `best ${Math.min(...numbers)} ms, median ${median(numbers)} ms of ${numbers.length}`;

  step("is measured", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await window.showExplorer();
      await window.hasStored("workbench.sidebar.activeviewletid", (id) =>
        ["", "workbench.view.explorer"].includes(id),
      );
      await window.page.reload();
      await window.page.locator(".monaco-workbench .activitybar").waitFor();
      await window.online();
      await window.page.waitForTimeout(1000); // the editor's own start is over
      const start = performance.now();
      await window.icon.click();
      await window.chat.locator("mc-message").last().waitFor();
      openings.push(Math.round(performance.now() - start));
      activations.push(await activation());
    }
  });

  /** What VS Code has measured itself: loading the code and calling `activate`. */
  async function activation() {
    await window.command("Developer: Show Running Extensions");
    const row = window.page.locator(".runtime-extensions-editor .monaco-list-row", {
      hasText: "Media Chat",
    });
    const words = await row.locator(".activation-time").innerText();
    await window.page.keyboard.press("Escape");
    await row.waitFor({ state: "detached" });
    assert.match(words, /Activation: \d+ms/);
    return Number(/(\d+)ms/.exec(words)[1]);
  }

  step(`is active in ${ACTIVATION_MS} ms`, (t) => {
    t.diagnostic(`activation: ${told(activations)}`);
    assert.ok(Math.min(...activations) < ACTIVATION_MS, activations.join(", "));
  });

  step(`shows the chat in ${OPENING_MS / 1000} s`, (t) => {
    t.diagnostic(`from the icon to the messages: ${told(openings)}`);
    assert.ok(Math.min(...openings) < OPENING_MS, openings.join(", "));
  });
});
