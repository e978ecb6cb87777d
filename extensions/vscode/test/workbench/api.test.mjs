/** What the extension gives to VS Code, asked inside the extension host through the smoke-test driver. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { Workbench } from "./workbench.mjs";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "api");
const require = createRequire(import.meta.url);
const { MARK } = require("./api/report.cjs");
const CONTENT = "a,b\n1,2\n";

describe("what VS Code has of the extension", () => {
  let server, bench, elsewhere, token;
  const asked = [];

  before(async () => {
    server = await ChatServer.create();
    token = await server.signUp("ada");
    elsewhere = createServer((request, response) => response.end(asked.push(request.url))).listen(
      0,
      "127.0.0.1",
    );
    await once(elsewhere, "listening");
    bench = await Workbench.create({
      settings: { "mediaChat.serverUrl": server.url },
      machine: { "mediaChat.serverUrl": "https://container.example", "editor.fontSize": 17 },
      // Without it a workbench runs no tests that its address names.
      options: ["enable-smoke-test-driver"],
    });
  });

  after(async () => {
    await bench?.end();
    await server?.end();
    elsewhere?.close();
  });

  /** Lets a window run a file of tests in its extension host, and gives what came of each. */
  async function runInHost(file) {
    const results = new Map();
    let code;
    const at = `vscode-remote://127.0.0.1:${bench.port}${folder}`;
    const payload = [
      ["extensionDevelopmentPath", at],
      ["extensionTestsPath", `${at}/${file}`],
      ["skipWelcome", "true"],
    ];
    const window = await bench.open({
      query: `&payload=${encodeURIComponent(JSON.stringify(payload))}`,
      // As if the person had allowed it: in tests there is nobody to ask.
      configure: ({ productConfiguration }) => {
        productConfiguration.trustedExtensionAuthAccess = {
          mediachat: ["mediachat-tests.api-tests"],
        };
      },
      functions: {
        codeAutomationLog: (_kind, args) => {
          const line = args.find((each) => typeof each === "string" && each.startsWith(MARK));
          if (!line) return;
          const { name, problem } = JSON.parse(line.slice(MARK.length));
          results.set(name, problem);
        },
        codeAutomationExit: (exit) => (code = exit),
      },
    });
    await until("The end of the tests in the host", () => code !== undefined);
    await window.page.close();
    return { results, code };
  }

  /** Each test in the host is one here. */
  function inHost(when, file, prepare) {
    describe(when, () => {
      let ran;
      before(
        async () => {
          await prepare?.();
          ran = await runInHost(file);
        },
        { timeout: 150_000 },
      );
      for (const name of Object.keys(require(`./api/${file}`).tests)) {
        it(name, () => {
          assert.ok(ran.results.has(name), "it did not run");
          assert.equal(ran.results.get(name), null, ran.results.get(name));
        });
      }
      it("ends well", () => assert.equal(ran.code, 0));
    });
  }

  inHost("while nobody is signed in", "signed-out.cjs");

  inHost("while somebody is signed in", "signed-in.cjs", async () => {
    const { url } = await server.upload(token, "table.csv", CONTENT);
    bench.write(
      "given.json",
      JSON.stringify({
        username: "ada",
        path: url,
        content: CONTENT,
        elsewhere: `http://127.0.0.1:${elsewhere.address().port}`,
      }),
    );
    const window = await bench.open();
    await window.signIn(server.url, "ada", PASSWORD);
    await window.chat.locator("mc-app .app").waitFor();
    await window.page.close();
  });

  it("has asked no other server, and caused no exception on its own", () => {
    assert.deepEqual(asked, []);
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
