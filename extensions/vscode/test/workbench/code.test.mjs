/** Lines of code out of one checkout and into another, with real Git. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { message } from "./people.mjs";
import { steps, Workbench } from "./workbench.mjs";

const TOOL =
  "import sys\n\n\ndef parse(text):\n    words = text.split()\n    return [word.strip() for word in words]\n\n\nprint(parse(sys.argv[1]))\n";
const PARSE =
  "def parse(text):\n    words = text.split()\n    return [word.strip() for word in words]";

function git(folder, ...args) {
  const identity = [
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@example.org",
    "-c",
    "init.defaultBranch=main",
  ];
  const { status, stdout, stderr } = spawnSync("git", [...identity, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
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
    for (const name of ["mine", "theirs", "other", "many", "plain"]) {
      folders[name] = path.join(bench.folder, name);
      mkdirSync(folders[name]);
    }
    const { mine, theirs, other, many } = folders;
    mkdirSync(path.join(mine, "src"));
    writeFileSync(path.join(mine, "src/tool.py"), TOOL);
    git(mine, "init", "--quiet");
    git(mine, "commit", "--quiet", "--allow-empty", "-m", "Begin.");
    // Where nothing is known of the remote, nothing is said of what is pushed.
    git(mine, "update-ref", "refs/remotes/origin/main", "HEAD");
    git(mine, "add", ".");
    git(mine, "commit", "--quiet", "-m", "Parse.");
    git(mine, "remote", "add", "origin", "https://ada:hush-hush@git.example.org/team/tool.git");
    commit = git(mine, "rev-parse", "HEAD");
    // A colleague's checkout of the same repository, cloned another way.
    cpSync(mine, theirs, { recursive: true });
    git(theirs, "remote", "set-url", "origin", "git@git.example.org:team/tool.git");
    mkdirSync(path.join(other, "src"));
    writeFileSync(path.join(other, "src/tool.py"), TOOL);
    git(other, "init", "--quiet");
    git(other, "remote", "add", "origin", "git@git.example.org:team/another.git");
    // A folder with three checkouts: another repository, an older clone, and a fork that has the commit.
    for (const name of ["a-other", "b-old", "c-fork"])
      cpSync(name === "c-fork" ? mine : other, path.join(many, name), { recursive: true });
    git(
      path.join(many, "b-old"),
      "remote",
      "set-url",
      "origin",
      "https://git.example.org/team/tool",
    );
    git(
      path.join(many, "c-fork"),
      "remote",
      "set-url",
      "origin",
      "ssh://git@git.example.org:22/grace/tools.git",
    );
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
    await window.openRoom("grace");
    await shared().waitFor();
  };
  const shared = () => message(window.chat, "Is this right?").locator(".shared-code");
  const open = () => shared().locator("button").click();
  const toast = (text) => window.page.locator(".notification-toast", { hasText: text });
  const choose = async (text, button) => {
    await toast(text).waitFor();
    await toast(text).hover();
    await toast(text).locator(".monaco-button", { hasText: button }).click();
  };
  /** Shares the whole line of the open editor that has this text, and gives the code that was sent. */
  const shareLine = async (text, words) => {
    await window.page.locator(".monaco-editor .view-line", { hasText: text }).first().click();
    await window.page.keyboard.press("Home");
    await window.page.keyboard.press("Shift+End");
    await window.shareSelection("grace", words);
    return until(
      "The message",
      async () => (await server.messages(grace, direct)).find(({ body }) => body === words)?.code,
    );
  };
  const selection = (text) =>
    window.page
      .locator('.statusbar-item[id="status.editor.selection"]', { hasText: text })
      .waitFor();
  const tab = (text) => window.page.locator(".tab.active", { hasText: text }).waitFor();

  step(
    "sends a selection from the editor's menu with its repository, branch, commit, file, lines and language",
    async () => {
      await window.openFile("tool.py");
      const line = window.page
        .locator(".monaco-editor .view-line", { hasText: "def parse" })
        .first();
      await line.click();
      await window.page.keyboard.press("Home");
      for (let lines = 0; lines < 3; lines++) await window.page.keyboard.press("Shift+ArrowDown");
      await window.chooseInMenuOf(line, "Share Selection");
      // Before it is sent: nobody else can have that commit.
      const asks = (text) =>
        window.page.locator(".quick-input-widget:visible", { hasText: text }).waitFor();
      await asks(
        `Share tool.py:4–6 in which room? Its commit ${commit.slice(0, 7)} is not pushed yet.`,
      );
      await window.pick("grace");
      await asks(`Commit ${commit.slice(0, 7)} is not pushed yet, so readers may not have it.`);
      await window.screenshot("unpushed");
      await window.answer("Is this right?");
      await shared().waitFor();
      // It is shown before the server has it.
      const sent = await until("The message", async () =>
        (await server.messages(grace, direct)).at(-1),
      );
      assert.deepEqual(sent.code, {
        language: "python",
        repository: "git.example.org/team/tool",
        branch: "main",
        commit,
        path: "src/tool.py",
        start_line: 4,
        end_line: 6,
        text: PARSE,
        dirty: false,
        blob: git(folders.mine, "rev-parse", "HEAD:src/tool.py"),
        before: "import sys\n\n",
        after: "\n\nprint(parse(sys.argv[1]))",
      });
      assert.doesNotMatch(JSON.stringify(sent), /hush-hush/);
    },
  );

  step("shows it highlighted, with where it is from", async () => {
    const block = message(window.chat, "Is this right?");
    await shared()
      .filter({ hasText: `git.example.org/team/tool · main · ${commit.slice(0, 7)}` })
      .waitFor();
    assert.ok((await block.locator("pre code.language-python span").count()) > 5);
    await window.screenshot("code");
  });

  step(
    "names no commit for lines that were not committed, and counts those that were as the commit does",
    async () => {
      writeFileSync(
        path.join(folders.mine, "src/tool.py"),
        `"""A tool."""\n${TOOL.replace("argv[1]", "argv[2]")}`,
      );
      const edited = await shareLine("argv[2]", "Not committed");
      const there = {
        repository: "git.example.org/team/tool",
        branch: "main",
        commit,
        path: "src/tool.py",
      };
      assert.deepEqual(edited, {
        ...there,
        language: "python",
        start_line: 10,
        end_line: 10,
        text: "print(parse(sys.argv[2]))",
        dirty: true,
        blob: git(folders.mine, "hash-object", "src/tool.py"),
        before: "    return [word.strip() for word in words]\n\n",
      });
      const card = message(window.chat, "Not committed").locator(".shared-code");
      await card
        .filter({ hasText: "git.example.org/team/tool · main · uncommitted changes" })
        .waitFor();
      assert.doesNotMatch(await card.innerText(), new RegExp(commit.slice(0, 7)));
      const kept = await shareLine("def parse", "Committed");
      assert.deepEqual(
        {
          ...there,
          start_line: kept.start_line,
          end_line: kept.end_line,
          dirty: kept.dirty,
          blob: kept.blob,
        },
        {
          ...there,
          start_line: 4,
          end_line: 4,
          dirty: false,
          blob: git(folders.mine, "rev-parse", "HEAD:src/tool.py"),
        },
      );
      await window.screenshot("uncommitted");
    },
  );

  step("says nothing of commits that a remote has", async () => {
    git(folders.mine, "update-ref", "refs/remotes/fork/topic", "HEAD");
    await window.selectLines(1);
    await window.command("Media Chat: Share Selection");
    const question = window.page.locator(".quick-input-widget:visible .quick-input-title");
    await question.filter({ hasText: "in which room?" }).waitFor();
    assert.doesNotMatch(await question.innerText(), /pushed/);
    await window.page.keyboard.press("Escape");
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
    await window.page
      .locator(".statusbar-item", {
        hasText: "These lines have moved from line 4 since they were shared: src/tool.py",
      })
      .waitFor();
  });

  step("follows them in an editor that is not saved, past a twin that stands nearer", async () => {
    await window.page.locator(".monaco-editor .view-line", { hasText: "A tool." }).first().click();
    await window.page.keyboard.press("Control+Home");
    await window.page.keyboard.insertText(`\n\n${PARSE}\n\n`);
    await open();
    await selection("Ln 14");
    await selection(`${PARSE.length} selected`);
    await window.page.locator(".tab.active.dirty").waitFor();
    await window.command("File: Revert File");
    await window.page.locator(".tab.active:not(.dirty)").waitFor();
  });

  step(
    "opens lines that were edited where they are, says so, and shows them as they were",
    async () => {
      writeFileSync(
        path.join(folders.theirs, "src/tool.py"),
        `"""A tool."""\n\n${TOOL.replace("split()", 'split(",")')}`,
      );
      await window.command("View: Close All Editors");
      await open();
      await selection("Ln 8");
      await window.screenshot("changed");
      await choose(
        "These lines have changed since they were shared: src/tool.py",
        "Show as It Was",
      );
      await selection("Ln 6");
      await selection(`${PARSE.length} selected`);
    },
  );

  step(
    "shows lines that were not committed as they were, and finds what is like them",
    async () => {
      await window.command("View: Close All Editors");
      await message(window.chat, "Not committed").locator(".shared-code button").click();
      await selection("Ln 11");
      await choose("This looks similar to the shared lines", "Show as It Was");
      await tab("tool.py (as shared)");
      await window.page
        .locator(".monaco-editor .view-line", { hasText: "argv[2]" })
        .first()
        .waitFor();
    },
  );

  step("finds them in another file, after a renaming", async () => {
    writeFileSync(path.join(folders.theirs, "src/tool.py"), `"""A tool."""\n\n${TOOL}`);
    renameSync(
      path.join(folders.theirs, "src/tool.py"),
      path.join(folders.theirs, "src/parsing.py"),
    );
    await window.command("View: Close All Editors");
    await open();
    await tab("parsing.py");
    await selection("Ln 8");
    await window.page
      .locator(".statusbar-item", { hasText: "Found by its text in another file: src/parsing.py" })
      .waitFor();
  });

  step("knows from Git that a file was renamed, also when its lines were edited", async () => {
    writeFileSync(
      path.join(folders.theirs, "src/parsing.py"),
      `"""A tool."""\n\n${TOOL.replace("split()", 'split(",")')}`,
    );
    git(folders.theirs, "add", "--all");
    git(folders.theirs, "commit", "--quiet", "-m", "Rename.");
    await window.command("View: Close All Editors");
    await open();
    await tab("parsing.py");
    await selection("Ln 8");
    const renamed =
      "src/tool.py was renamed to src/parsing.py. These lines have changed since they were shared";
    await toast(renamed).waitFor();
    await window.command("Notifications: Clear All Notifications");
    // Also where another file has its name.
    writeFileSync(
      path.join(folders.theirs, "src/tool.py"),
      "from parsing import parse\n\nTOOLS = {}\n".repeat(20),
    );
    git(folders.theirs, "add", "--all");
    await window.command("View: Close All Editors");
    await open();
    await tab("parsing.py");
    await toast(renamed).waitFor();
    await window.command("Notifications: Clear All Notifications");
  });

  step("says that they are gone, and shows them as they were in their commit", async () => {
    rmSync(path.join(folders.theirs, "src/parsing.py"));
    writeFileSync(path.join(folders.theirs, "src/tool.py"), "print(1)\n");
    await window.command("View: Close All Editors");
    await open();
    const gone = "The shared lines of tool.py:4–6 are gone from this checkout.";
    await toast(gone).waitFor();
    await window.screenshot("gone");
    await choose(gone, "Show as It Was");
    await selection("Ln 6");
    await window.page
      .locator(".monaco-editor .view-line", { hasText: "def parse" })
      .first()
      .waitFor();
  });

  step("shares lines of an earlier commit's file with that commit", async () => {
    assert.notEqual(git(folders.theirs, "rev-parse", "HEAD"), commit);
    const code = await shareLine("words = text.split()", "As it was");
    assert.deepEqual(
      [code.commit, code.branch, code.path, code.start_line, code.dirty],
      [commit, "", "src/tool.py", 5, false],
    );
  });

  step(
    "opens it in the checkout that has its commit, among others that have its name and the same file",
    async () => {
      await goTo(folders.many);
      await open();
      await selection("Ln 6");
      await window.page.locator(".breadcrumbs-control", { hasText: "c-fork" }).waitFor();
      assert.equal(await window.page.locator(".tab").count(), 1);
      // Without it the one of the same name is next, and never the other.
      rmSync(path.join(folders.many, "c-fork"), { recursive: true });
      await window.command("View: Close All Editors");
      await open();
      await window.page.locator(".breadcrumbs-control", { hasText: "b-old" }).waitFor();
    },
  );

  step(
    "says what to do in a checkout of another repository, whatever is in a file of that name",
    async () => {
      await goTo(folders.other);
      await open();
      const words =
        "tool.py:4–6 is from git.example.org/team/tool, which is not open here. Open your checkout of it, then try again.";
      await toast(words).waitFor();
      await toast(words).hover();
      await toast(words).locator(".monaco-button", { hasText: "Open Folder…" }).waitFor();
      assert.equal(await window.page.locator(".tab").count(), 0);
      await window.screenshot("missing");
      await toast(words).locator(".monaco-button", { hasText: "Clone…" }).click();
      const address = window.page
        .locator(".quick-input-widget:visible", { hasText: "Clone git.example.org/team/tool" })
        .locator("input");
      assert.equal(await address.inputValue(), "https://git.example.org/team/tool.git");
      await address.press("Escape");
    },
  );

  step("says that it is gone where there is no Git to ask", async () => {
    await goTo(folders.plain);
    await open();
    await window
      .notification("The shared lines of tool.py:4–6 are gone from this checkout. Fetch commit")
      .waitFor();
  });

  step("shares from a folder without Git, by its path alone", async () => {
    writeFileSync(path.join(folders.plain, "loose.js"), "export const answer = 42;\n");
    await window.showExplorer();
    await window.row("loose.js").dblclick();
    await window.page.locator(".monaco-editor .view-line", { hasText: "answer" }).first().click();
    await window.page.keyboard.press("Control+A");
    await window.shareSelection("grace", "No repository");
    const code = await until(
      "The message",
      async () =>
        (await server.messages(grace, direct)).find(({ body }) => body === "No repository")?.code,
    );
    assert.deepEqual(code, {
      language: "javascript",
      repository: "",
      branch: "",
      commit: "",
      path: "loose.js",
      start_line: 1,
      end_line: 1,
      text: "export const answer = 42;",
    });
  });

  step("finds checkouts that the editor has not opened, deep in the workspace", async () => {
    const [clone, another] = ["clone", "another"].map((name) =>
      path.join(folders.plain, "group", name),
    );
    cpSync(folders.other, another, { recursive: true });
    cpSync(folders.mine, clone, { recursive: true });
    git(clone, "checkout", "--quiet", "--", ".");
    git(clone, "remote", "remove", "origin");
    // Its file is a link by now, and what it leads to has changed.
    rmSync(path.join(clone, "src/tool.py"));
    writeFileSync(path.join(clone, "real"), TOOL.replace("split()", 'split(",")'));
    symlinkSync("../real", path.join(clone, "src/tool.py"));
    await window.showChat();
    await open();
    await selection("Ln 6");
    await window.page.locator(".breadcrumbs-control", { hasText: "clone" }).waitFor();
    await choose("These lines have changed since they were shared", "Show as It Was");
    await selection(`${PARSE.length} selected`);
    await window.page
      .locator(".monaco-editor .view-line", { hasText: "import sys" })
      .first()
      .waitFor();
    await window.command("View: Close All Editors");
    rmSync(clone, { recursive: true });
    await open();
    await toast("tool.py:4–6 is from git.example.org/team/tool, which is not open here.").waitFor();
    assert.equal(await window.page.locator(".tab").count(), 0);
  });

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
