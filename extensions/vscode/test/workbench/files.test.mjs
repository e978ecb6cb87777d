/**
 * Files into the chat by all the ways there are: dropped, pasted, and from the editor's menus. The
 * server is below a path of its host, behind nginx as we ship it.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { Nginx } from "./nginx.mjs";
import { inBrowser, message, picture } from "./people.mjs";
import { TcpProxy } from "./tcp-proxy.mjs";
import { steps, Workbench } from "./workbench.mjs";

/** More than the machine takes of an upload before the other side has read any. */
const LARGE = 24 * 1024 * 1024;
const MOST_MB = 25;
const PREFIX = "/chat";
const CELL = {
  cell_type: "code",
  execution_count: null,
  id: "a1",
  metadata: {},
  outputs: [],
  source: ["print(1)"],
};
const BOOK = {
  cells: [CELL],
  metadata: { language_info: { name: "python" } },
  nbformat: 4,
  nbformat_minor: 5,
};

describe("files in the editor", () => {
  let server, nginx, bench, window, proxy, grace, direct, address;
  const step = steps(() => window);

  before(async () => {
    const settings = {
      URL_PREFIX: PREFIX,
      TRUSTED_PROXY_COUNT: "1",
      MAX_UPLOAD_MB: String(MOST_MB),
    };
    server = await ChatServer.create({ settings });
    nginx = await Nginx.before(server);
    proxy = await TcpProxy.to(nginx.port);
    address = proxy.url + PREFIX;
    ({ grace, direct } = await server.adaAndGrace());
    await server.send(grace, direct, "Send me those files");
    bench = await Workbench.create({
      // A file that opens late would be selected then, and nothing beside it.
      settings: {
        "mediaChat.serverUrl": address,
        "explorer.autoReveal": false,
        "[ini]": { "files.encoding": "windows1252" },
      },
    });
    bench.write("latin.ini", Buffer.from("name=Ren\xe9\r\n", "latin1"));
    bench.write("marked.txt", "\ufeffone\n");
    bench.write("book.ipynb", JSON.stringify(BOOK));
    bench.write("leaving.md", "# Leaving\n");
    bench.write("one.md", "# One\n");
    bench.write("two.py", "def two():\n    return 2\n");
    bench.write("large.bin", Buffer.alloc(LARGE, 7));
    bench.write("too-large.bin", Buffer.alloc(MOST_MB * 1024 * 1024 + 1));
    bench.write("too-long.txt", `${"too long ".repeat(10)}\n`.repeat(300));
    bench.write("folder/inside.txt", "inside\n");
    window = await bench.open();
    // People copy the address of the page that they look at.
    await window.signInToRoomWith(`${address}/rooms/${direct}/1`, "ada", PASSWORD, "grace");
  });

  after(async () => {
    await bench?.end();
    proxy?.end();
    await nginx?.end();
    await server?.end();
  });

  const tray = (name) => window.chat.locator("mc-upload-tray .upload", { hasText: name });
  /** Files of the newest message that has any of this name, with what is in them. */
  const received = async (name) =>
    until(name, async () => {
      const messages = await server.messages(grace, direct);
      const found = messages.findLast(({ attachments }) =>
        attachments.some((each) => each.name === name),
      );
      if (!found) return null;
      return Promise.all(
        found.attachments.map(async ({ name: called, url }) => ({
          name: called,
          bytes: Buffer.from(await (await server.get(url, grace)).arrayBuffer()),
        })),
      );
    });

  /** Gives the page files as the browser would: by an event that carries them. */
  const hand = (how, files, texts = {}) =>
    window.chat.locator("mc-conversation .conversation").evaluate(
      (conversation, { how, files, texts }) => {
        const carried = new DataTransfer();
        for (const [type, text] of Object.entries(texts)) carried.setData(type, text);
        for (const { name, type, base64, size } of files) {
          const bytes = base64
            ? Uint8Array.from(globalThis.atob(base64), (sign) => sign.charCodeAt(0))
            : new Uint8Array(size);
          carried.items.add(new File([bytes], name, { type }));
        }
        const options = { bubbles: true, cancelable: true, composed: true };
        if (how === "paste") {
          const textarea = conversation.querySelector("mc-composer textarea");
          textarea.focus();
          return textarea.dispatchEvent(
            new globalThis.ClipboardEvent("paste", { ...options, clipboardData: carried }),
          );
        }
        return conversation.dispatchEvent(
          new globalThis.DragEvent(how, { ...options, dataTransfer: carried }),
        );
      },
      { how, files, texts },
    );

  step("takes files that are dropped on the conversation", async () => {
    const file = {
      name: "dropped.png",
      type: "image/png",
      base64: picture(30, 20, [0, 90, 200]).toString("base64"),
    };
    await hand("dragover", [file]);
    await window.chat.locator(".drop-target").waitFor();
    await window.screenshot("drop");
    assert.equal(await hand("drop", [file]), false, "the editor would open the file itself");
    await tray("dropped.png").locator(".upload-size").waitFor();
    await window.chat.locator("mc-composer textarea").press("Enter");
    const [{ bytes }] = await received("dropped.png");
    assert.deepEqual(bytes.subarray(1, 4).toString(), "PNG");
  });

  step("takes the text of a spreadsheet, and not the picture that comes with it", async () => {
    const cells = {
      name: "image.png",
      type: "image/png",
      base64: picture(10, 10, [9, 9, 9]).toString("base64"),
    };
    const text = "a\tb\nc\td";
    await hand("paste", [cells], {
      "text/plain": text,
      "text/html": "<table><tr><td>a</td><td>b</td></tr></table>",
    });
    const textarea = window.chat.locator("mc-composer textarea");
    assert.equal(await textarea.inputValue(), text);
    assert.equal(await window.chat.locator("mc-upload-tray .upload").count(), 0);
    await textarea.fill("the docs");
    await textarea.selectText();
    await hand("paste", [], { "text/plain": "https://example.org/" });
    assert.equal(await textarea.inputValue(), "[the docs](https://example.org/)");
    await textarea.fill("");
  });

  step(
    "takes what is pasted by keys: the text of a clipboard that has a picture, too, or the picture alone",
    async () => {
      const textarea = window.chat.locator("mc-composer textarea");
      const png = picture(10, 10, [9, 9, 9]).toString("base64");
      await window.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      const copy = async (text) => {
        await window.page.evaluate(
          async ([text, png]) => {
            const bytes = Uint8Array.from(globalThis.atob(png), (sign) => sign.charCodeAt(0));
            const items = { "image/png": new globalThis.Blob([bytes], { type: "image/png" }) };
            if (text) items["text/plain"] = new globalThis.Blob([text], { type: "text/plain" });
            await globalThis.navigator.clipboard.write([new globalThis.ClipboardItem(items)]);
          },
          [text, png],
        );
        await textarea.click();
        await window.page.keyboard.press("Control+V");
      };
      await copy("a\tb\nc\td");
      await until("The text", async () => (await textarea.inputValue()) === "a\tb\nc\td");
      assert.equal(await window.chat.locator("mc-upload-tray .upload").count(), 0);
      await window.page.keyboard.press("Control+Z");
      await until("No text", async () => (await textarea.inputValue()) === "");
      await copy("");
      await tray("image.png").locator(".upload-size").waitFor();
      assert.equal(await textarea.inputValue(), "");
      await textarea.press("Enter");
      await received("image.png");
    },
  );

  step("shows how far an upload is, and cancels it", async () => {
    proxy.hold();
    await hand("drop", [{ name: "slow.bin", type: "application/octet-stream", size: LARGE }]);
    const progress = tray("slow.bin").locator("progress");
    await progress.waitFor();
    const part = () => progress.evaluate((bar) => bar.value / bar.max);
    await until("Progress", async () => (await part()) > 0);
    assert.ok((await part()) < 1, "it says that all is there");
    await window.screenshot("progress");
    await tray("slow.bin").getByRole("button", { name: "Cancel" }).click();
    await tray("slow.bin").waitFor({ state: "detached" });
    proxy.release();
  });

  step("shares a file from the Explorer's menu", async () => {
    await window.showExplorer();
    await window.chooseInMenuOf(window.row("one.md"), "Share in Media Chat");
    await window.pick("grace");
    assert.deepEqual(await received("one.md"), [{ name: "one.md", bytes: Buffer.from("# One\n") }]);
  });

  step("shares several files in one message", async () => {
    await window.row("one.md").click();
    await window.row("two.py").click({ modifiers: ["Control"] });
    await window.chooseInMenuOf(window.row("two.py"), "Share in Media Chat");
    await window.pick("grace");
    const files = await received("two.py");
    assert.deepEqual(files.map(({ name }) => name).sort(), ["one.md", "two.py"]);
  });

  step(
    "says what is too large or too long before anybody chooses a room, and asks the server nothing",
    async () => {
      const rooms = window.page.locator(".quick-input-widget:visible", {
        hasText: "in which room?",
      });
      await window.chooseInMenuOf(window.row("too-large.bin"), "Share in Media Chat");
      await window
        .notification(`too-large.bin is too large. A file can have at most ${MOST_MB} MB.`)
        .waitFor();
      assert.equal(await rooms.count(), 0);
      await window.screenshot("too-large");

      // One among several.
      await window.row("one.md").click();
      await window.row("too-large.bin").click({ modifiers: ["Control"] });
      await window.command("Notifications: Clear All Notifications");
      await window.chooseInMenuOf(window.row("too-large.bin"), "Share in Media Chat");
      await window.notification("too-large.bin is too large").waitFor();
      assert.equal(await rooms.count(), 0);

      await window.openFile("too-long.txt");
      await window.page.locator(".monaco-editor .view-line").first().click();
      await window.page.keyboard.press("Control+A");
      await window.command("Media Chat: Share Selection");
      await window
        .notification("That is too much for one message. Select less, or share the file.")
        .waitFor();
      assert.equal(await rooms.count(), 0);

      // So may what is said about it be.
      await window.selectLines(1);
      await window.command("Media Chat: Share Selection");
      await window.pick("grace");
      const input = window.page.locator(".quick-input-widget:visible input").first();
      await input.fill("x".repeat(20_001));
      await window.page.getByText("That is too much for one message. Say less.").first().waitFor();
      await input.press("Escape");
      const shared = (await server.messages(grace, direct)).filter(
        ({ attachments, code }) => code || attachments.some(({ name }) => name.startsWith("too-")),
      );
      assert.deepEqual(shared, []);
      await window.showExplorer();
    },
  );

  step(
    "leaves out a folder that was chosen with them, and shares no more than a message holds",
    async () => {
      for (let number = 1; number <= 21; number++) bench.write(`many/${number}.txt`, `${number}\n`);
      await window.row("many").click();
      await window.row("21.txt").waitFor();
      await window.row("1.txt").click();
      await window.row("21.txt").click({ modifiers: ["Shift"] });
      await window.chooseInMenuOf(window.row("21.txt"), "Share in Media Chat");
      await window.notification("A message holds 20 files. Choose fewer.").waitFor();
      await window.row("2.txt").click();
      await window.row("folder").click({ modifiers: ["Control"] });
      await window.chooseInMenuOf(window.row("2.txt"), "Share in Media Chat");
      await window.pick("grace");
      assert.deepEqual(
        (await received("2.txt")).map(({ name }) => name),
        ["2.txt"],
      );
      await window.row("many").click();
    },
  );

  step("does not offer to share a folder", async () => {
    await window.row("folder").click({ button: "right" });
    await window.page
      .locator(".monaco-menu .action-item", { hasText: "Copy Path" })
      .first()
      .waitFor();
    assert.equal(
      await window.page.locator(".monaco-menu .action-item", { hasText: "Media Chat" }).count(),
      0,
    );
    await window.page.keyboard.press("Escape");
  });

  step("shares from the editor's menu and from the menu of its tab", async () => {
    await window.row("two.py").dblclick();
    const line = window.page.locator(".monaco-editor .view-line", { hasText: "def" }).first();
    await line.waitFor();
    const count = async () =>
      (await server.messages(grace, direct)).filter(({ attachments }) =>
        attachments.some(({ name }) => name === "two.py"),
      ).length;
    const before = await count();
    await window.chooseInMenuOf(line, "Share in Media Chat");
    await window.pick("grace");
    await until("The file, from the editor", async () => (await count()) === before + 1);
    await window.chooseInMenuOf(
      window.page.locator(".tab.active", { hasText: "two.py" }),
      "Share in Media Chat",
    );
    await window.pick("grace");
    await until("The file, from its tab", async () => (await count()) === before + 2);
  });

  /** Writes at the beginning of a file that is open, and does not save it. */
  const type = async (text, editor = ".editor-instance") => {
    await window.page.locator(`${editor} .monaco-editor .view-line`).first().click();
    await window.page.keyboard.press("Control+Home");
    await window.page.keyboard.type(text);
    await window.page.locator(".tab.active.dirty").waitFor();
  };
  const dialog = () => window.page.locator(".monaco-dialog-box");

  step(
    "shares what the editor shows of unsaved files, in their own encoding and line ends, and saves none",
    async () => {
      await window.openFile("latin.ini");
      await type("city=Orl\u00e9ans\n");
      await window.openFile("marked.txt");
      await type("zero\n");
      await window.showExplorer();
      await window.row("latin.ini").click();
      for (const name of ["marked.txt", "one.md"])
        await window.row(name).click({ modifiers: ["Control"] });
      await window.chooseInMenuOf(window.row("marked.txt"), "Share in Media Chat");
      await window.page
        .locator(".quick-input-widget:visible", {
          hasText: "Share 3 files, with what is not saved yet, in which room?",
        })
        .waitFor();
      await window.pick("grace");
      const files = await received("latin.ini");
      assert.deepEqual(
        Object.fromEntries(files.map(({ name, bytes }) => [name, bytes.toString("latin1")])),
        {
          "latin.ini": "city=Orl\xe9ans\r\nname=Ren\xe9\r\n",
          "marked.txt": "\xef\xbb\xbfzero\none\n",
          "one.md": "# One\n",
        },
      );
      assert.equal(await window.page.locator(".tab.dirty").count(), 2);
      assert.equal(bench.read("latin.ini").toString("latin1"), "name=Ren\xe9\r\n");
    },
  );

  step("shares what was never saved, and what was deleted since it was opened", async () => {
    await window.command("File: New Untitled Text File");
    await type("a thought");
    await window.shareFile("grace");
    assert.deepEqual(await received("Untitled-1.txt"), [
      { name: "Untitled-1.txt", bytes: Buffer.from("a thought") },
    ]);
    await window.openFile("leaving.md");
    rmSync(path.join(bench.workspace, "leaving.md"));
    await window.page
      .locator(".tab.active .label-name.strikethrough, .tab.active .strikethrough")
      .first()
      .waitFor();
    await window.shareFile("grace");
    assert.deepEqual(await received("leaving.md"), [
      { name: "leaving.md", bytes: Buffer.from("# Leaving\n") },
    ]);
  });

  step("asks whether to save what its own editor alone can write", async () => {
    await window.openFile("book.ipynb");
    await type("import os\n", ".notebookOverlay");
    const all = await server.messages(grace, direct);
    const share = async (answer) => {
      await window.command("Media Chat: Share in Media Chat");
      await dialog().filter({ hasText: "book.ipynb has unsaved changes." }).waitFor();
      if (answer === "Save and Share") await window.screenshot("save-and-share");
      await dialog().locator(".monaco-button", { hasText: answer }).click();
      await dialog().waitFor({ state: "detached" });
    };
    await share("Cancel");
    assert.equal(await window.page.locator(".quick-input-widget:visible").count(), 0);
    await share("Share as Saved");
    await window.pick("grace");
    assert.deepEqual(JSON.parse((await received("book.ipynb"))[0].bytes), BOOK);
    assert.deepEqual(JSON.parse(bench.read("book.ipynb")), BOOK);

    // Who changes their mind about the room has saved nothing either.
    await share("Save and Share");
    await window.page
      .locator(".quick-input-widget:visible", { hasText: "in which room?" })
      .waitFor();
    await window.page.keyboard.press("Escape");
    await window.page.locator(".quick-input-widget:visible").waitFor({ state: "detached" });
    assert.deepEqual(JSON.parse(bench.read("book.ipynb")), BOOK);
    await share("Save and Share");
    await window.pick("grace");
    await until("The notebook as it is shown", async () =>
      /import os/.test((await received("book.ipynb"))[0].bytes.toString()),
    );
    assert.match(bench.read("book.ipynb").toString(), /import os/);
    assert.equal((await server.messages(grace, direct)).length, all.length + 2);
  });

  step(
    "shows how far a file of the workspace is, and sends nothing when that is cancelled",
    async () => {
      proxy.hold();
      await window.chooseInMenuOf(window.row("large.bin"), "Share in Media Chat");
      await window.pick("grace");
      const toast = window.page.locator(".notification-toast", { hasText: "Uploading large.bin" });
      await toast.locator(".monaco-progress-container").waitFor();
      await window.screenshot("progress-notification");
      await toast.hover();
      await toast.locator(".monaco-button", { hasText: "Cancel" }).click();
      await toast.waitFor({ state: "detached" });
      proxy.release();
      await window.page.waitForTimeout(500);
      const all = (await server.messages(grace, direct)).flatMap(({ attachments }) =>
        attachments.map(({ name }) => name),
      );
      assert.ok(!all.includes("large.bin") && !all.includes("slow.bin"));
    },
  );

  step("opens a link to a message in the view, as the browser does in its page", async () => {
    for (let number = 1; number <= 12; number++)
      await server.send(grace, direct, `${number}\n\n`.repeat(4));
    const other = await server.openRoom(grace, {
      kind: "private",
      name: "Elsewhere",
      members: ["ada"],
    });
    await server.send(grace, other, `See ${address}/rooms/${direct}/1 for it`);
    await window.showChat();
    await window.command("Media Chat: Open Room");
    await window.pick("Elsewhere");
    const pages = window.page.context().pages().length;
    await message(window.chat, "See").locator("a").click();
    await window.chat.getByRole("textbox", { name: "Message grace", exact: true }).waitFor();
    const first = window.chat.locator("mc-message[data-number='1']");
    await first.filter({ hasText: "Send me those files" }).waitFor();
    await until("The first message, in sight", () =>
      first.evaluate((item) => {
        const { top, bottom } = item.getBoundingClientRect();
        return top >= 0 && bottom <= globalThis.innerHeight;
      }),
    );
    assert.equal(window.page.context().pages().length, pages, "another page was opened");

    const browser = await inBrowser(bench, { url: address }, "grace");
    await browser.goto(`${address}/rooms/${other}`);
    await message(browser, "See").locator("a").click();
    await browser.waitForURL(`${address}/rooms/${direct}`);
    await browser.locator("mc-message[data-number='1']").waitFor();
    assert.equal(browser.context().pages().length, 1);
    await browser.context().close();
  });

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
