/** Tests of what the extension gives to VS Code, run inside the extension host. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe } from "node:test";
import { until } from "./chat-server.mjs";
import { steps, Workbench } from "./workbench.mjs";

describe("what VS Code has of the extension", () => {
  let bench, window, folder;
  const step = steps(() => window);

  after(async () => {
    await bench?.end();
    if (folder) rmSync(folder, { recursive: true });
  });

  step("is right in the extension host itself", async () => {
    bench = await Workbench.create();
    folder = mkdtempSync(path.join(os.tmpdir(), "media-chat-api-"));
    const result = path.join(folder, "result.json");
    // The workbench loads this file into its extension host, and waits for `run`.
    writeFileSync(path.join(folder, "index.js"), `(${inHost.toString()})(${JSON.stringify(result)});`);
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "host-tests", publisher: "test", version: "0.0.0", engines: { vscode: "^1.100.0" } }));
    const context = await bench.newContext();
    await context.exposeFunction("codeAutomationLog", () => {});
    await context.exposeFunction("codeAutomationExit", () => {});
    const at = `vscode-remote://127.0.0.1:${bench.port}${folder}`;
    const payload = [["extensionDevelopmentPath", at], ["extensionTestsPath", `${at}/index.js`], ["skipWelcome", "true"]];
    window = await bench.open({ context, query: `&payload=${encodeURIComponent(JSON.stringify(payload))}` });
    const found = await until("The result", () => JSON.parse(readFileSync(result, "utf8")), 40);
    assert.equal(found.error, undefined, found.error);
    assert.ok(found.isActive);
    assert.ok(found.loadedIn < 100, `loading its code took ${found.loadedIn} ms`);
    assert.deepEqual(found.missing, [], "commands that are declared and do not exist");
    assert.deepEqual(found.undeclared, [], "commands that exist and are not declared");
    assert.equal(found.scope, undefined, "a workspace could set the server's address");
    assert.deepEqual(found.sessions, null);
    assert.match(found.written, /NoPermissions|read-?only|EROFS/i);
  });
});

/** Runs in the extension host: no name of this file is known there. */
function inHost(result) {
  const vscode = require("vscode");
  const fs = require("node:fs");
  exports.run = async () => {
    let answer;
    try {
      const extension = vscode.extensions.getExtension("mediachat.media-chat");
      for (let waited = 0; !extension.isActive && waited < 10_000; waited += 50) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const declared = extension.packageJSON.contributes.commands.map(({ command }) => command);
      const known = (await vscode.commands.getCommands(true)).filter((name) => /^mediaChat\.[a-z]+$/i.test(name));
      const own = known.filter((name) => !/^mediaChat\.(chat|rooms)$/.test(name));
      await vscode.workspace.getConfiguration("mediaChat").update("serverUrl", "https://evil.example", vscode.ConfigurationTarget.Workspace).then(() => {}, () => {});
      const start = performance.now();
      delete require.cache[require.resolve(extension.extensionPath + "/dist/node/extension.js")];
      answer = {
        isActive: extension.isActive,
        loadedIn: (require(extension.extensionPath + "/dist/node/extension.js"), performance.now() - start),
        missing: declared.filter((name) => !known.includes(name)),
        undeclared: own.filter((name) => !declared.includes(name)),
        scope: vscode.workspace.getConfiguration("mediaChat").inspect("serverUrl").workspaceValue,
        sessions: (await vscode.authentication.getSession("mediachat", [], { silent: true })) ?? null,
        written: await vscode.workspace.fs.writeFile(vscode.Uri.parse("mediachat:/1/x?/media/1/x"), new Uint8Array(1)).then(() => "written", String),
      };
    } catch (error) {
      answer = { error: String(error && error.stack) };
    }
    fs.writeFileSync(result, JSON.stringify(answer));
  };
}
