/** Lines of code out of one checkout and into another, with real Git. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { message } from "./people.mjs";
import { steps, Workbench } from "./workbench.mjs";

const TOOL = "import sys\n\n\ndef parse(text):\n    words = text.split()\n    return [word.strip() for word in words]\n\n\nprint(parse(sys.argv[1]))\n";
const PARSE = "def parse(text):\n    words = text.split()\n    return [word.strip() for word in words]";

function git(folder, ...args) {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"];
  const { status, stdout, stderr } = spawnSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

describe("code between checkouts", () => {
  let server, bench, window, grace, direct, commit;
  const step = steps(() => window);
  const folders = {};

  before(async () => {
    server = await ChatServer.create();
    ({ grace, direct } = await server.adaAndGrace());
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    for (const name of ["mine", "theirs", "other", "plain"]) {
      folders[name] = path.join(bench.folder, name);
      mkdirSync(folders[name]);
    }
    const { mine, theirs, other } = folders;
    mkdirSync(path.join(mine, "src"));
    writeFileSync(path.join(mine, "src/tool.py"), TOOL);
    git(mine, "init", "--quiet");
    git(mine, "add", ".");
    git(mine, "commit", "--quiet", "-m", "Parse.");
    git(mine, "remote", "add", "origin", "https://ada:hush-hush@git.example.org/team/tool.git");
    commit = git(mine, "rev-parse", "HEAD");
    // A colleague's checkout of the same repository, cloned another way.
    cpSync(mine, theirs, { recursive: true });
    git(theirs, "remote", "set-url", "origin", "git@git.example.org:team/tool.git");
    mkdirSync(path.join(other, "src"));
    writeFileSync(path.join(other, "src/tool.py"), "nothing of it\n");
    git(other, "init", "--quiet");
    git(other, "remote", "add", "origin", "git@git.example.org:team/another.git");
    window = await bench.open({ folder: mine });
    await window.signInToRoomWith(server.url, "ada", PASSWORD, "grace");
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  /** The next window of the same person, on another folder. */
  const goTo = async (folder) => {
    await window.page.close();
    window = await bench.open({ folder });
    await window.showChat();
    // Which room is shown belongs to the folder.
    await window.chat.locator(".room-entry", { hasText: "grace" }).click();
    await shared().waitFor();
  };
  const shared = () => message(window.chat, "Is this right?").locator(".shared-code");
  const open = () => shared().locator("button").click();
  const selection = (text) => window.page.locator('.statusbar-item[id="status.editor.selection"]', { hasText: text }).waitFor();
  const tab = (text) => window.page.locator(".tab.active", { hasText: text }).waitFor();

  step("sends a selection from the editor's menu with its repository, branch, commit, file, lines and language", async () => {
    await window.openFile("tool.py");
    const line = window.page.locator(".monaco-editor .view-line", { hasText: "def parse" }).first();
    await line.click();
    await window.page.keyboard.press("Home");
    for (let lines = 0; lines < 3; lines++) await window.page.keyboard.press("Shift+ArrowDown");
    await window.chooseInMenuOf(line, "Share Selection");
    await window.pick("grace");
    await window.answer("Is this right?");
    await shared().waitFor();
    const sent = (await server.messages(grace, direct)).at(-1);
    assert.deepEqual(sent.code, {
      language: "python", repository: "git.example.org/team/tool", branch: "main", commit,
      path: "src/tool.py", start_line: 4, end_line: 6, text: PARSE,
    });
    assert.doesNotMatch(JSON.stringify(sent), /hush-hush/);
  });

  step("shows it highlighted, with where it is from", async () => {
    const block = message(window.chat, "Is this right?");
    await shared().filter({ hasText: `git.example.org/team/tool · main · ${commit.slice(0, 7)}` }).waitFor();
    assert.ok((await block.locator("pre code.language-python span").count()) > 5);
    await window.screenshot("code");
  });

  step("opens it in another checkout at the same commit, at its lines", async () => {
    await goTo(folders.theirs);
    await open();
    await tab("tool.py");
    await selection("Ln 6");
    await selection(`${PARSE.length} selected`);
  });

  step("opens it where the lines have moved to, and says so", async () => {
    writeFileSync(path.join(folders.theirs, "src/tool.py"), `"""A tool."""\n\n${TOOL}`);
    await window.command("View: Close All Editors");
    await open();
    await selection("Ln 8");
    await window.page.locator(".statusbar-item", { hasText: "These lines have moved" }).waitFor();
  });

  step("finds them in another file, after a renaming", async () => {
    renameSync(path.join(folders.theirs, "src/tool.py"), path.join(folders.theirs, "src/parsing.py"));
    await window.command("View: Close All Editors");
    await open();
    await tab("parsing.py");
    await selection("Ln 8");
  });

  step("says that they are gone, and shows them as they were in their commit", async () => {
    rmSync(path.join(folders.theirs, "src/parsing.py"));
    writeFileSync(path.join(folders.theirs, "src/tool.py"), "print(1)\n");
    await window.command("View: Close All Editors");
    await open();
    const gone = window.page.locator(".notification-toast", { hasText: "The shared lines of tool.py:4–6 are gone from this checkout." });
    await gone.waitFor();
    await window.screenshot("gone");
    await gone.hover();
    await gone.locator(".monaco-button", { hasText: "Show as It Was" }).click();
    await selection("Ln 6");
    await window.page.locator(".monaco-editor .view-line", { hasText: "def parse" }).first().waitFor();
  });

  step("says what to do in a checkout of another repository, whatever is in a file of that name", async () => {
    await goTo(folders.other);
    await open();
    const words = "tool.py:4–6 is from git.example.org/team/tool, which is not open here. Open your checkout of it, then try again.";
    const toast = window.page.locator(".notification-toast", { hasText: words });
    await toast.waitFor();
    await toast.hover();
    await toast.locator(".monaco-button", { hasText: "Open Folder…" }).waitFor();
    assert.equal(await window.page.locator(".tab").count(), 0);
  });

  step("says that it is gone where there is no Git to ask", async () => {
    await goTo(folders.plain);
    await open();
    await window.notification("The shared lines of tool.py:4–6 are gone from this checkout. Fetch commit").waitFor();
  });

  step("shares from a folder without Git, by its path alone", async () => {
    writeFileSync(path.join(folders.plain, "loose.js"), "export const answer = 42;\n");
    await window.showExplorer();
    await window.row("loose.js").dblclick();
    await window.page.locator(".monaco-editor .view-line", { hasText: "answer" }).first().click();
    await window.page.keyboard.press("Control+A");
    await window.shareSelection("grace", "No repository");
    const code = await until("The message", async () => (await server.messages(grace, direct)).find(({ body }) => body === "No repository")?.code);
    assert.deepEqual(code, {
      language: "javascript", repository: "", branch: "", commit: "",
      path: "loose.js", start_line: 1, end_line: 1, text: "export const answer = 42;",
    });
  });

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
