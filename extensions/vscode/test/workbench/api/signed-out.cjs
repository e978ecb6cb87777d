/** What another extension sees of ours, in its own host, while nobody is signed in. */
const assert = require("node:assert/strict");
const { existsSync } = require("node:fs");
const path = require("node:path");
const { report } = require("./report.cjs");

const ours = (vscode) => vscode.extensions.getExtension("mediachat.media-chat");

exports.tests = {
  "is active soon after the start, with no view open and no file": async (vscode) => {
    for (let waited = 0; !ours(vscode).isActive && waited < 20_000; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(ours(vscode).isActive);
  },
  "gives other extensions nothing to call": async (vscode) => {
    assert.equal(ours(vscode).exports, undefined);
  },
  "has registered the commands it declares, and no others": async (vscode) => {
    const declared = ours(vscode).packageJSON.contributes.commands.map(({ command }) => command);
    const known = (await vscode.commands.getCommands(true)).filter((name) =>
      /^mediaChat\.\w+$/.test(name),
    );
    assert.deepEqual(known.sort(), declared.sort());
  },
  "has its two views where the editor can bring them to the front": async (vscode) => {
    const known = await vscode.commands.getCommands();
    for (const view of ["chat", "rooms"])
      assert.ok(known.includes(`mediaChat.${view}.focus`), view);
    assert.ok(known.includes("workbench.view.extension.mediaChat"));
  },
  "lets no workspace or folder set the server's address": async (vscode) => {
    const setting = vscode.workspace.getConfiguration("mediaChat");
    for (const target of [
      vscode.ConfigurationTarget.Workspace,
      vscode.ConfigurationTarget.WorkspaceFolder,
    ]) {
      await assert.rejects(() => setting.update("serverUrl", "https://elsewhere.example", target));
    }
    // Nor by the file itself, which a checkout may bring along.
    const [folder] = vscode.workspace.workspaceFolders;
    const file = vscode.Uri.joinPath(folder.uri, ".vscode/settings.json");
    const text = JSON.stringify({
      "mediaChat.serverUrl": "https://elsewhere.example",
      "editor.tabSize": 7,
    });
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
    const read = () => vscode.workspace.getConfiguration("editor").get("tabSize") === 7;
    for (let waited = 0; !read() && waited < 10_000; waited += 50)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(read(), "the workspace's settings were not read");
    assert.doesNotMatch(
      vscode.workspace.getConfiguration("mediaChat").get("serverUrl"),
      /elsewhere/,
    );
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(folder.uri, ".vscode"), {
      recursive: true,
    });
  },
  "lets no container set it either, whose settings a repository may bring along": async (
    vscode,
  ) => {
    // api.test.mjs has written both into the machine's settings, as devcontainer.json does.
    assert.equal(
      vscode.workspace.getConfiguration("editor").get("fontSize"),
      17,
      "the machine's settings were not read",
    );
    assert.doesNotMatch(
      vscode.workspace.getConfiguration("mediaChat").get("serverUrl"),
      /container/,
    );
  },
  "has no session to give, and asks nobody for one when it must be silent": async (vscode) => {
    assert.equal(
      await vscode.authentication.getSession("mediachat", [], { silent: true }),
      undefined,
    );
    assert.deepEqual(await vscode.authentication.getAccounts("mediachat"), []);
  },
  "keeps the files of messages closed": async (vscode) => {
    const uri = vscode.Uri.from({ scheme: "mediachat", path: "/x/x.png", query: "/media/x/x.png" });
    await assert.rejects(
      async () => vscode.workspace.fs.readFile(uri),
      /Sign in to Media Chat first/,
    );
    assert.equal(vscode.workspace.fs.isWritableFileSystem("mediachat"), false);
    await assert.rejects(
      async () => vscode.workspace.fs.writeFile(uri, new Uint8Array(1)),
      /NoPermissions|read-?only/i,
    );
  },
  "leads to the form, or does nothing, when its commands are called without an account": async (
    vscode,
  ) => {
    for (const name of [
      "markRoomRead",
      "muteRoom",
      "openRoom",
      "shareSelection",
      "reconnect",
      "signOut",
    ]) {
      assert.equal(await vscode.commands.executeCommand(`mediaChat.${name}`), undefined, name);
    }
  },
  "has brought every file that its manifest names": async (vscode) => {
    const { extensionPath, packageJSON: manifest } = ours(vscode);
    const steps = manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    assert.ok(steps.length >= 4);
    const named = [
      manifest.main,
      manifest.browser,
      manifest.icon,
      manifest.contributes.viewsContainers.activitybar[0].icon,
      ...steps.map(({ media }) => media.markdown ?? media.image),
    ];
    for (const each of named) {
      const file = [each, `${each}.js`]
        .map((name) => path.resolve(extensionPath, name))
        .find(existsSync);
      assert.ok(file, `${each} is missing`);
    }
  },
};

exports.run = () => report(exports.tests);
