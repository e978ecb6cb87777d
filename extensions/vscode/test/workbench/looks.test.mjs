/** How the view looks in each theme, that axe-core finds nothing in it, and that keys are enough. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { artefacts } from "./window.mjs";
import { extension, steps, Workbench } from "./workbench.mjs";

const AXE = readFileSync(path.resolve(extension, "../../node_modules/axe-core/axe.min.js"), "utf8");
/** What the page's own tests ask of a browser's window. */
const outOfReach = new Function(
  "root",
  `return (${readFileSync(path.resolve(extension, "../../tests/browser/out_of_reach.js"), "utf8")})(root)`,
);
const THEMES = {
  dark: ["Dark Modern", "vscode-dark"],
  light: ["Light Modern", "vscode-light"],
  "high-contrast": ["Dark High Contrast", "vscode-high-contrast"],
  "high-contrast-light": ["Light High Contrast", "vscode-high-contrast-light"],
};
/** Those that the README shows. */
const SHOWN = ["dark", "light", "high-contrast", "narrow"];

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
  <rect width="480" height="160" fill="#f7f8fa"/>${[
    ["before", 92, "#8aa4c8"],
    ["after", 34, "#1a9c83"],
  ]
    .map(
      ([name, height, colour], at) => `
  <rect x="${90 + at * 170}" y="${128 - height}" width="120" height="${height}" rx="4" fill="${colour}"/>
  <text x="${150 + at * 170}" y="148" text-anchor="middle" fill="#333">${name}</text>
  <text x="${150 + at * 170}" y="${120 - height}" text-anchor="middle" fill="#333">${height} µs</text>`,
    )
    .join("")}</svg></body>`;

describe("the view to the eye, the ear and the hand", () => {
  let server, bench, window, graceToken, compilers;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    const [ada, grace, linus] = [
      await server.signUp("ada"),
      await server.signUp("grace"),
      await server.signUp("linus"),
    ];
    graceToken = grace;
    bench = await Workbench.create({
      settings: {
        "mediaChat.serverUrl": server.url,
        "editor.fontSize": 13,
        "editor.fontFamily": "No Such Font",
        "editor.minimap.enabled": false,
        "editor.occurrencesHighlight": "off",
        "editor.autoClosingBrackets": "never",
        "editor.autoSurround": "never",
        "window.title": "tokens.py",
        "workbench.layoutControl.enabled": false,
      },
    });
    bench.write("tokens.py", FILE);
    const room = await server.openRoom(grace, {
      kind: "private",
      name: "Compilers",
      members: ["ada", "linus"],
    });
    compilers = room;
    await server.openRoom(ada, { kind: "direct", name: "", members: ["linus"] });
    await server.send(grace, room, "The last line goes missing when no newline follows it.");
    const origin = {
      language: "python",
      repository: "git.example.org/compilers/scanner",
      branch: "main",
      commit: "4f1c2a9",
    };
    await server.send(grace, room, "It happens **here**:", {
      code: { ...origin, path: "tokens.py", start_line: 6, end_line: 9, text: CODE },
    });
    await server.send(linus, room, "`splitlines()` would do, and is faster. I measured it:");
    const chart = await server.upload(linus, "timings.png", await drawn(CHART));
    await server.send(linus, room, "", { attachments: [chart.id] });
    await server.send(grace, room, "@ada shall we? The notes are at https://example.org/notes");
    const context = await bench.newContext({
      viewport: { width: 1160, height: 800 },
      bypassCSP: true,
    });
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
    const found = await frame.evaluate(() =>
      globalThis.axe.run(document).then(({ violations }) => violations),
    );
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
  }

  const choose = async (name) => {
    const [title, kind] = THEMES[name];
    await window.command("Preferences: Color Theme");
    await window.page.locator(".quick-input-widget:visible input").first().fill(title);
    await window.pick(title);
    await until(title, () =>
      window.chat.locator("body").evaluate((body, wanted) => body.classList.contains(wanted), kind),
    );
  };

  step("signs in and comes to a room by keys alone", async () => {
    await window.statusBar.waitFor();
    await window.command("Media Chat: Focus on Chat View");
    await window.chat.locator("input[name=username]:focus").waitFor();
    assert.deepEqual(await complaints(), []);
    assert.deepEqual(await lost(), []);
    await window.screenshot("narrow-sign-in");
    const { keyboard } = window.page;
    // Chords lead here as long as nobody is signed in, and nothing of them is text.
    const where = window.chat.locator("input[name=server]");
    for (const second of ["G", "J", "L", "H"]) {
      await where.focus();
      await pressChord(second);
      await window.chat.locator("input[name=username]:focus").waitFor();
      assert.equal(await where.inputValue(), server.url);
    }
    await window.openFile("tokens.py");
    await window.page.locator(".monaco-editor.focused").first().waitFor();
    await pressChord("G");
    await window.chat.locator("input[name=username]:focus").waitFor();
    await until("The keyboard in the view", () =>
      window.page.evaluate(() => document.activeElement?.localName === "iframe"),
    );
    await keyboard.type("ada");
    await keyboard.press("Tab");
    await keyboard.type(PASSWORD);
    await keyboard.press("Enter");
    await window.row("Compilers").waitFor();
    // Nothing is read that nobody has chosen.
    const showRooms = window.chat.getByRole("button", { name: "Show the rooms" });
    await showRooms.waitFor();
    assert.deepEqual(await complaints(), []);
    // As long as there is no field to write in, the chord leads to what leads to a room.
    await pressChord("H");
    await until("The keyboard", () =>
      showRooms.evaluate((button) => button === document.activeElement),
    );
    await pressChord("G");
    await window.page.locator(".quick-input-widget:visible input").first().fill("linus");
    await window.page
      .locator(".quick-input-list .monaco-list-row.focused", { hasText: "linus" })
      .waitFor();
    await keyboard.press("Enter");
    await window.chat.locator("mc-room-header", { hasText: "linus" }).waitFor();
    await window.chat.locator(".composer-text:focus").waitFor();
    // The list shows which room is open, and leaves the keyboard where one writes. Nothing of a chord is text.
    await selectedRow("linus").waitFor();
    await keyboard.type("still here");
    assert.equal(await window.chat.locator(".composer-text").inputValue(), "still here");
    await window.chat.locator(".composer-text").fill("");
  });

  const selectedRow = (name) =>
    window.page.locator(".sidebar .monaco-list-row.selected", { hasText: name });

  const pressChord = async (second) => {
    await window.page.keyboard.press("Control+k");
    await window.page.locator(".statusbar-item", { hasText: "Waiting for second key" }).waitFor();
    await window.page.keyboard.press(second);
  };

  /** Until the keyboard is in the view, and there in the field where one writes. */
  const writes = async () => {
    await window.chat.locator(".composer-text:focus").waitFor();
    await until("The keyboard in the view", () =>
      window.page.evaluate(() => document.activeElement?.localName === "iframe"),
    );
  };

  const toComposer = async () => {
    await pressChord("H");
    await writes();
  };

  step(
    "has one list of rooms and one header, and tells of a room's keys from everywhere",
    async () => {
      assert.equal(await window.chat.locator(".room-entry, .brand, .account").count(), 0);
      assert.equal(await window.chat.locator("header").count(), 1);
      assert.ok(
        (await window.row("Compilers").isVisible()) && (await window.row("linus").isVisible()),
      );
      // No room's name is in the headers of the views.
      const headers = await window.page
        .locator(".sidebar .pane-header .title, .sidebar .composite.title h2")
        .allInnerTexts();
      assert.deepEqual(
        headers.filter((words) => /linus|compilers/i.test(words)),
        [],
      );
      // The next unread room, and from an editor into the field where one writes.
      const other = await server.openRoom(graceToken, {
        kind: "private",
        name: "Parsers",
        members: ["ada"],
      });
      await server.send(graceToken, other, "Who reads this?");
      await until("The count", async () => (await window.unreadBadge("Parsers")) === "1");
      await pressChord("J");
      // The other one may have something unread, too, above what fits into the view.
      const shown = () => window.chat.locator("mc-room-header h2").innerText();
      await until("An unread room", async () => !(await shown()).includes("linus"));
      if (!(await shown()).includes("Parsers")) await pressChord("J");
      await window.chat.locator("mc-room-header", { hasText: "Parsers" }).waitFor();
      await window.chat.locator(".composer-text:focus").waitFor();
      await selectedRow("Parsers").waitFor();
      // So that it is the chord which leads to the field.
      await window.chat.getByRole("button", { name: "Members and details" }).focus();
      await window.openFile("tokens.py");
      await window.page.locator(".monaco-editor.focused").first().waitFor();
      await toComposer();
      await window.openFile("tokens.py");
      await window.selectLines(2);
      await pressChord("L");
      await window.page
        .locator(".quick-input-widget:visible", { hasText: "Share tokens.py" })
        .waitFor();
      await window.page.keyboard.press("Escape");
      await window.command("Media Chat: Keyboard Shortcuts");
      await window.chat.locator("mc-shortcuts dt", { hasText: /^\s*Ctrl\s*K\s*J\s*$/ }).waitFor();
      await window.page.keyboard.press("Escape");
      await window.openRoom("Compilers");
      await window.chat.locator("mc-message", { hasText: "shall we?" }).waitFor();
    },
  );

  step("takes its chords wherever the keyboard is", async () => {
    const { page, chat } = window;
    const { keyboard } = page;
    const picker = page.locator(".quick-input-widget:visible", { hasText: "Open which room?" });
    const closePicker = async () => {
      await picker.waitFor();
      await keyboard.press("Escape");
      await picker.waitFor({ state: "hidden" });
    };
    // In the field where one writes, no letter of a chord is written. A click leads there, after which
    // nothing is under way that could take the keyboard to another place between two keys.
    await chat.locator(".composer-text").click();
    await writes();
    await pressChord("G");
    await closePicker();
    await chat.locator(".composer-text").click();
    await writes();
    await pressChord("J");
    await window.notification("Nothing else is unread").waitFor();
    await window.command("Notifications: Clear All Notifications");
    // What has come into the room that the chat shows is unread as long as the chat is hidden.
    await window.showExplorer();
    await server.send(graceToken, compilers, "The timings are in them, too.");
    await window.page
      .locator('.activitybar [aria-label*="unread in Media Chat"]')
      .first()
      .waitFor();
    await pressChord("J");
    await writes();
    await window.chat.locator("mc-message", { hasText: "The timings are in them, too." }).waitFor();
    // Among the messages and in a menu, whose keys mean something, too.
    await chat.locator("mc-message").last().focus();
    await pressChord("G");
    await closePicker();
    await chat.locator("mc-message").last().hover();
    await chat.locator("mc-message").last().getByRole("button", { name: "More" }).click();
    await chat.getByRole("menuitem").first().waitFor();
    await pressChord("H");
    await writes();
    await chat.getByRole("menuitem").first().waitFor({ state: "detached" });
    assert.equal(await chat.locator(".composer-text").inputValue(), "");
    // From the list to choose a room from, and from a terminal.
    await pressChord("G");
    await picker.waitFor();
    await pressChord("H");
    await picker.waitFor({ state: "hidden" });
    await writes();
    await window.command("Terminal: Create New Terminal");
    await page.locator(".terminal.xterm.focus").waitFor();
    await pressChord("G");
    await closePicker();
    await page.locator(".terminal.xterm.focus").waitFor();
    await pressChord("H");
    await writes();
    await window.command("View: Hide Panel");
  });

  step("has the count of a long name's room in sight", async () => {
    const name = "Compilers, parsers and everything else that reads text";
    const room = await server.openRoom(graceToken, { kind: "private", name, members: ["ada"] });
    await server.send(graceToken, room, "One");
    await server.send(graceToken, room, "Two");
    await until("The count", async () => (await window.unreadBadge(name)) === "2");
    const row = window.row(name);
    assert.equal(await row.getAttribute("aria-label"), `${name}: 2 unread`);
    // It is drawn at the end of the row, within what can be seen of it, and the name before it.
    const { isIn, isCut } = await row
      .locator(".monaco-icon-label")
      .first()
      .evaluate((label) => {
        const words = label.querySelector(".monaco-icon-label-container");
        const list = label.closest(".monaco-list").getBoundingClientRect();
        const badge = parseFloat(getComputedStyle(label, "::after").width);
        return {
          isIn:
            label.getBoundingClientRect().right <= list.right &&
            words.getBoundingClientRect().right + badge <= label.getBoundingClientRect().right + 1,
          isCut: words.scrollWidth > words.clientWidth,
        };
      });
    assert.deepEqual({ isIn, isCut }, { isIn: true, isCut: true });
    await window.screenshot("narrow-long-name");
  });

  step("takes the editor's fonts and sizes", async () => {
    const seen = () =>
      window.chat.locator("body").evaluate((body) => {
        const of = (selector) => getComputedStyle(body.querySelector(selector));
        const told = (name) =>
          getComputedStyle(body.ownerDocument.documentElement).getPropertyValue(`--vscode-${name}`);
        return {
          text: [of(".message-body").fontSize, of(".message-body").fontFamily],
          code: [of(".code-block pre").fontSize, of(".code-block code").fontFamily],
          textTold: [told("font-size"), told("font-family")],
          codeTold: [told("editor-font-size"), told("editor-font-family")],
        };
      });
    const follows = async () => {
      const { text, code, textTold, codeTold } = await seen();
      for (const [[size, family], [sizeTold, familyTold]] of [
        [text, textTold],
        [code, codeTold],
      ]) {
        assert.equal(Math.round(parseFloat(size) * 10), Math.round(parseFloat(sizeTold) * 10));
        assert.ok(
          family.replaceAll(/["' ]/g, "").includes(familyTold.replaceAll(/["' ]/g, "")),
          `${family} is not ${familyTold}`,
        );
      }
      return code;
    };
    const code = await follows();
    assert.equal(code[0], "13px");
    assert.match(code[1], /No Such Font/);
    // A font that is not there is replaced by one of the same kind, as in an editor.
    const widths = await window.chat
      .locator(".code-block pre")
      .first()
      .evaluate((pre) => {
        const drawing = document.createElement("canvas").getContext("2d");
        drawing.font = getComputedStyle(pre.querySelector("code")).font;
        return ["iii", "MMM"].map((text) => drawing.measureText(text).width);
      });
    assert.equal(widths[0], widths[1]);
    // A change of the settings is followed at once.
    const setSize = async (size) => {
      await window.command("Preferences: Open User Settings (JSON)");
      const editor = window.page.locator(".monaco-editor.focused", {
        hasText: "security.workspace",
      });
      await editor.first().waitFor();
      await window.page.keyboard.press("Control+A");
      await window.page.keyboard.insertText(
        JSON.stringify({ ...bench.settings, "editor.fontSize": size }),
      );
      await window.page.keyboard.press("Control+S");
      await until(`Code of ${size} pixels`, async () => (await seen()).code[0] === `${size}px`);
      // It is in a box over the others.
      await window.page.keyboard.press("Escape");
      await editor.waitFor({ state: "detached" });
    };
    await setSize(24);
    await follows();
    assert.deepEqual(await lost(), []);
    await window.screenshot("narrow-large-code");
    await setSize(13);
  });

  step("cuts nothing off and covers nothing at 300 pixels", async () => {
    assert.ok((await window.chat.locator("body").evaluate(() => globalThis.innerWidth)) <= 302);
    await window.chat.locator(".messages").evaluate((list) => (list.scrollTop = list.scrollHeight));
    const { chat } = window;
    const escape = async (gone) => {
      await window.page.keyboard.press("Escape");
      await gone.waitFor({ state: "hidden" });
    };
    assert.deepEqual(await lost(), []);
    await window.screenshot("narrow");
    const bar = { x: 0, y: 36, width: 342, height: 732 };
    await window.page.screenshot({ path: path.join(artefacts, "view-narrow.png"), clip: bar });
    await chat.locator("mc-message").last().hover();
    assert.deepEqual(await lost(), []);
    await chat.getByRole("button", { name: "Insert an emoji" }).click();
    await chat.locator(".emoji-choice").first().waitFor();
    assert.deepEqual(await lost("mc-emoji-picker"), []);
    await window.screenshot("narrow-emoji");
    await escape(chat.locator(".emoji-picker"));
    await chat.getByRole("button", { name: "Members and details" }).click();
    await chat.locator("dialog[open]").waitFor();
    assert.deepEqual(await lost("dialog"), []);
    await window.screenshot("narrow-details");
    await escape(chat.locator("dialog[open]"));
    await window.command("Media Chat: Start Chat");
    await chat.locator("dialog[open]").waitFor();
    assert.deepEqual(await lost("dialog"), []);
    await window.screenshot("narrow-start");
    await escape(chat.locator("dialog[open]"));
    for (const name of ["high-contrast", "high-contrast-light"]) {
      await choose(name);
      await chat.locator("mc-message").last().hover();
      assert.deepEqual(await lost(), [], name);
      await window.screenshot(`narrow-${name}`);
    }
    // As with the window zoomed to 200 %.
    const size = window.page.viewportSize();
    await window.page.setViewportSize({ width: size.width / 2, height: size.height / 2 });
    await until("The chat between the editor's bars", () =>
      chat.locator("body").evaluate(() => globalThis.innerHeight < 300),
    );
    await window.screenshot("narrow-zoomed");
    assert.deepEqual(await lost(), []);
    await window.page.setViewportSize(size);
  });

  /** What stands out of the page within this, or lies below something else, so that no pointer reaches it. */
  const lost = (within = "body") => window.chat.locator(within).first().evaluate(outOfReach);

  step("writes by keys alone, and leaves the view for the editor", async () => {
    const { keyboard } = window.page;
    await toComposer();
    await keyboard.type("Yes. I have it here, with a test.");
    await keyboard.press("Enter");
    await window.chat.locator("mc-message", { hasText: "with a test" }).waitFor();
    await window.openFile("tokens.py");
    await window.page
      .locator(".monaco-editor .view-line", { hasText: "def first_error" })
      .waitFor();
    assert.equal(await window.page.locator(".monaco-editor.focused").count(), 1);
  });

  for (const name of Object.keys(THEMES)) {
    step(`has nothing that axe-core complains of, and is a picture: ${name}`, async () => {
      if (name === "dark") await widen();
      await choose(name);
      await window.chat
        .locator(".messages")
        .evaluate((list) => (list.scrollTop = list.scrollHeight));
      await until("The image", () =>
        window.chat
          .locator("mc-message .thumbnail img")
          .last()
          .evaluate((image) => image.naturalWidth > 1),
      );
      await window.page.mouse.move(800, 600);
      await window.page.waitForTimeout(700);
      assert.deepEqual(await window.notifications(), []);
      await window.screenshot(`view-${name}`);
      assert.deepEqual(await complaints(), []);
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

  step("has a walkthrough in five steps", async () => {
    await window.command("Welcome: Open Walkthrough");
    await window.pick("Get Started with Media Chat");
    const steps = window.page.locator(".getting-started-step");
    await until("Its steps", async () => (await steps.count()) === 5);
    const titles = await steps.locator(".step-title").allInnerTexts();
    assert.deepEqual(titles, [
      "Set your server's address",
      "Sign in",
      "Start a chat",
      "Share lines of code",
      "Chat by keyboard",
    ]);
    // What she has done before she came here is done.
    const done = steps.filter({
      has: window.page.locator(".codicon-getting-started-step-checked:visible"),
    });
    await until("The steps that are done", async () => (await done.count()) >= 3);
    // Commands count where the editor knew the walkthrough by then.
    assert.deepEqual(
      (await done.locator(".step-title").allInnerTexts()).slice(0, 3),
      titles.slice(0, 3),
    );
    await steps.filter({ hasText: "Start a chat" }).click();
    await window.screenshot("walkthrough");
    // What a step offers is done by one of the extension's own commands.
    await steps
      .filter({ hasText: "Start a chat" })
      .locator(".monaco-button", { hasText: "Start Chat" })
      .click();
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
