/** How the view looks in each theme, that axe-core finds nothing in it, and that keys are enough. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { artefacts } from "./window.mjs";
import { extension, steps, Workbench } from "./workbench.mjs";

const AXE = readFileSync(path.resolve(extension, "../../node_modules/axe-core/axe.min.js"), "utf8");
const THEMES = {
  dark: ["Dark Modern", "vscode-dark"],
  light: ["Light Modern", "vscode-light"],
  "high-contrast": ["Dark High Contrast", "vscode-high-contrast"],
  "high-contrast-light": ["Light High Contrast", "vscode-high-contrast-light"],
};
/** Those that the README shows. */
const SHOWN = ["dark", "light", "high-contrast"];

const CODE = `def tokens(text: str) -> Iterator[Token]:
    """Every token of a text, in order."""
    for number, line in enumerate(text.split("\\n")[:-1], start=1):
        yield from scan(line, number)`;
const FILE = `from collections.abc import Iterator\n\nfrom scanner import Token, scan\n\n\n${CODE}\n\n
def first_error(text: str) -> Token | None:
    """The first token that is none, or None in a text without fault."""
    return next((token for token in tokens(text) if token.kind == "error"), None)
`;
const CHART = `<body style="margin:0"><svg xmlns="http://www.w3.org/2000/svg" width="480" height="160" font-family="sans-serif" font-size="14">
  <rect width="480" height="160" fill="#f7f8fa"/>${[["before", 92, "#8aa4c8"], ["after", 34, "#1a9c83"]].map(([name, height, colour], at) => `
  <rect x="${90 + at * 170}" y="${128 - height}" width="120" height="${height}" rx="4" fill="${colour}"/>
  <text x="${150 + at * 170}" y="148" text-anchor="middle" fill="#333">${name}</text>
  <text x="${150 + at * 170}" y="${120 - height}" text-anchor="middle" fill="#333">${height} µs</text>`).join("")}</svg></body>`;

describe("the view to the eye, the ear and the hand", () => {
  let server, bench, window;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    const [ada, grace, linus] = [await server.signUp("ada"), await server.signUp("grace"), await server.signUp("linus")];
    bench = await Workbench.create({
      settings: { "mediaChat.serverUrl": server.url, "editor.minimap.enabled": false, "editor.occurrencesHighlight": "off", "window.title": "tokens.py", "workbench.layoutControl.enabled": false },
    });
    bench.write("tokens.py", FILE);
    const room = await server.openRoom(grace, { kind: "private", name: "Compilers", members: ["ada", "linus"] });
    await server.openRoom(ada, { kind: "direct", name: "", members: ["linus"] });
    await server.send(grace, room, "The last line goes missing when no newline follows it.");
    const origin = { language: "python", repository: "git.example.org/compilers/scanner", branch: "main", commit: "4f1c2a9" };
    await server.send(grace, room, "It happens **here**:", { code: { ...origin, path: "tokens.py", start_line: 6, end_line: 9, text: CODE } });
    await server.send(linus, room, "`splitlines()` would do, and is faster. I measured it:");
    const chart = await server.upload(linus, "timings.png", await drawn(CHART));
    await server.send(linus, room, "", { attachments: [chart.id] });
    await server.send(grace, room, "@ada shall we? The notes are at https://example.org/notes");
    const context = await bench.newContext({ viewport: { width: 1160, height: 800 }, bypassCSP: true });
    window = await bench.open({ context });
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  async function drawn(html) {
    const page = await bench.context.newPage();
    await page.setContent(html);
    const bytes = await page.locator("svg").screenshot();
    await page.close();
    return bytes;
  }

  /** What axe-core complains of in the view. */
  async function complaints() {
    const body = await window.chat.locator("body").elementHandle();
    const frame = await body.ownerFrame();
    await frame.evaluate(AXE);
    const found = await frame.evaluate(() => globalThis.axe.run(document).then(({ violations }) => violations));
    return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
  }

  const choose = async (name) => {
    const [title, kind] = THEMES[name];
    await window.command("Preferences: Color Theme");
    await window.page.locator(".quick-input-widget:visible input").first().fill(title);
    await window.pick(title);
    await until(title, () => window.chat.locator("body").evaluate((body, wanted) => body.classList.contains(wanted), kind));
  };

  step("signs in and comes to a room by keys alone", async () => {
    await window.statusBar.waitFor();
    await window.command("Media Chat: Focus on Chat View");
    await window.chat.locator("input[name=username]:focus").waitFor();
    assert.deepEqual(await complaints(), []);
    const { keyboard } = window.page;
    await keyboard.type("ada");
    await keyboard.press("Tab");
    await keyboard.type(PASSWORD);
    await keyboard.press("Enter");
    await window.chat.locator(".room-entry", { hasText: "Compilers" }).waitFor();
    await tabTo(".room-entry");
    await keyboard.press("Enter");
    await window.chat.locator("mc-message", { hasText: "shall we?" }).waitFor();
    await tabTo(".composer-text");
  });

  step("writes by keys alone, and leaves the view for the editor", async () => {
    const { keyboard } = window.page;
    await keyboard.type("Yes. I have it here, with a test.");
    await keyboard.press("Enter");
    await window.chat.locator("mc-message", { hasText: "with a test" }).waitFor();
    await window.openFile("tokens.py");
    await window.page.locator(".monaco-editor .view-line", { hasText: "def first_error" }).waitFor();
    assert.equal(await window.page.locator(".monaco-editor.focused").count(), 1);
  });

  /** Presses Tab until the view's focus is there. */
  async function tabTo(selector) {
    for (let pressed = 0; pressed < 40; pressed++) {
      const isThere = await window.chat.locator("body").evaluate((body, wanted) => body.ownerDocument.activeElement?.matches(wanted), selector);
      if (isThere) return;
      await window.page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not lead to ${selector}.`);
  }

  for (const name of Object.keys(THEMES)) {
    step(`has nothing that axe-core complains of, and is a picture: ${name}`, async () => {
      if (name === "dark") await widen();
      await choose(name);
      await window.chat.locator(".messages").evaluate((list) => (list.scrollTop = list.scrollHeight));
      await until("The image", () => window.chat.locator("mc-message .thumbnail img").last().evaluate((image) => image.naturalWidth > 1));
      await window.page.mouse.move(800, 600);
      await window.page.waitForTimeout(700);
      await window.screenshot(`view-${name}`);
      assert.deepEqual(await complaints(), []);
      await window.chat.getByRole("button", { name: "Back to the rooms" }).click();
      await window.chat.locator(".room-entry").first().waitFor();
      assert.deepEqual(await complaints(), []);
      await window.chat.locator(".room-entry", { hasText: "Compilers" }).click();
      await window.chat.locator("mc-message").last().waitFor();
    });
  }

  /** Gives the side bar the width that one would give it for a chat. */
  async function widen() {
    const sash = window.page.locator(".monaco-sash.vertical:not(.disabled)").first();
    const { x, y, height } = await sash.boundingBox();
    await window.page.mouse.move(x + 2, y + height / 2);
    await window.page.mouse.down();
    await window.page.mouse.move(470, y + height / 2, { steps: 5 });
    await window.page.mouse.up();
  }

  step("has a walkthrough in four steps", async () => {
    await window.command("Welcome: Open Walkthrough");
    await window.pick("Get Started with Media Chat");
    const steps = window.page.locator(".getting-started-step");
    await until("Its steps", async () => (await steps.count()) === 4);
    const titles = await steps.locator(".step-title").allInnerTexts();
    assert.deepEqual(titles, ["Say where your server is", "Sign in", "Start a chat", "Share lines of code"]);
    // What she has done before she came here is done.
    const done = steps.filter({ has: window.page.locator(".codicon-getting-started-step-checked:visible") });
    await until("The steps that are done", async () => (await done.count()) === 3);
    assert.deepEqual(await done.locator(".step-title").allInnerTexts(), titles.slice(0, 3));
    await steps.filter({ hasText: "Start a chat" }).click();
    await window.screenshot("walkthrough");
    // What a step offers is done by one of the extension's own commands.
    await steps.filter({ hasText: "Start a chat" }).locator(".monaco-button", { hasText: "Start Chat" }).click();
    await window.chat.locator("mc-start-chat input").first().waitFor();
  });

  step("has the pictures that the README shows", () => {
    for (const name of SHOWN) {
      const picture = path.join(extension, "media/screenshots", `${name}.png`);
      // `make screenshots` takes them anew.
      if (process.env.SCREENSHOTS) copyFileSync(path.join(artefacts, `view-${name}.png`), picture);
      assert.ok(readFileSync(picture).length > 10_000, `${name} is no picture`);
    }
  });
});
