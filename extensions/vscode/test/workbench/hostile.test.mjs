/** A server that means harm, and a webview that is no longer ours: nothing of worth leaves. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { until } from "./chat-server.mjs";
import { VIEW } from "./window.mjs";
import { steps, Workbench } from "./workbench.mjs";

const TOKEN = "the-token-that-must-not-leave";

/** What a page could try that takes the place of `/embed/`. */
const EMBED = (port) => `<!doctype html><html><head>
  <meta http-equiv="refresh" content="0;url=http://127.0.0.1:${port}/stolen/refresh">
  <base href="http://127.0.0.1:${port}/stolen/">
  <link rel="stylesheet" href="http://127.0.0.1:${port}/stolen/style.css">
  <script>window.broken = "head"; fetch("http://127.0.0.1:${port}/stolen/head");</script></head>
  <body onload="window.broken = 'load'" style="background: url(http://127.0.0.1:${port}/stolen/background)">
  <script nonce="guess">window.broken = "body";</script>
  <img src="http://127.0.0.1:${port}/stolen/image" onerror="window.broken = 'image'">
  <iframe src="http://127.0.0.1:${port}/stolen/frame"></iframe>
  <form action="http://127.0.0.1:${port}/stolen/form"><input name="password"><button>Sign in again</button></form>
  <a id="bait" href="command:workbench.action.terminal.new">click</a>
  <mc-app data-password="javascript:window.broken='password'" data-sign-out="http://127.0.0.1:${port}/stolen/out"
    onclick="window.broken = 'click'" class="x"></mc-app>
  <script type="application/json" id="boot">{"stored": {"mediachat.x": "y"}, "words": {}}</script>
  <svg><script>window.broken = "svg"</script></svg>
</body></html>`;

/** Gives the test the webview's own way to the host, which the page has taken already. */
const KEEP_API = () => {
  let real;
  Object.defineProperty(globalThis, "acquireVsCodeApi", {
    configurable: true,
    get: () => real && (() => (globalThis.keptApi ??= real())),
    set(given) {
      real = given;
    },
  });
};

describe("a server and a page that mean harm", () => {
  let bench, window, server, port;
  const asked = [];
  const fromBrowser = [];
  const step = steps(() => window);

  before(async () => {
    server = createServer((request, response) => {
      asked.push({
        method: request.method,
        url: request.url,
        token: request.headers["x-session-token"],
      });
      const json = (status, body) =>
        response
          .writeHead(status, { "Content-Type": "application/json" })
          .end(JSON.stringify(body));
      if (request.url === "/_allauth/app/v1/auth/login") {
        return json(200, {
          data: { user: { id: "1", username: "ada" } },
          meta: { session_token: TOKEN },
        });
      }
      // As a Media Chat answers a stranger, else nobody would sign in.
      if (request.url === "/embed/" && !request.headers["x-session-token"])
        return json(401, { code: "unauthenticated" });
      if (request.url === "/embed/")
        return response.writeHead(200, { "Content-Type": "text/html" }).end(EMBED(port));
      if (request.url === "/media/redirect/x") {
        return response
          .writeHead(302, { Location: `http://127.0.0.1:${port}/stolen/redirect` })
          .end();
      }
      return json(503, {});
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = server.address().port;
    bench = await Workbench.create({
      settings: { "mediaChat.serverUrl": `http://127.0.0.1:${port}` },
    });
    await bench.context.addInitScript(KEEP_API);
    bench.context.on(
      "request",
      (request) => request.url().includes(`:${port}`) && fromBrowser.push(request.url()),
    );
    bench.write("secret.txt", "the content of a file\n");
    window = await bench.open();
    await window.signIn(`http://127.0.0.1:${port}`, "ada", "password");
    await window.chat.locator("mc-app main").waitFor();
  });

  after(async () => {
    await bench?.end();
    server?.close();
  });

  const inPage = (run, argument) => window.chat.locator("body").evaluate(run, argument);
  const say = (message) => inPage((_body, given) => globalThis.keptApi.postMessage(given), message);
  /** A click by the pointer: the editor takes no other for a person's. */
  const clickOn = async (href) => {
    await inPage((body, given) => {
      const link = Object.assign(document.createElement("a"), {
        href: given,
        textContent: "Look here",
        target: "_blank",
        id: "trap",
      });
      link.style.cssText =
        "position: fixed; z-index: 9999; top: 0; left: 0; padding: 20px; background: #fff";
      body.append(link);
    }, href);
    await window.chat.locator("#trap").click();
    await inPage(() => document.getElementById("trap").remove());
  };
  const stolen = () => asked.filter(({ url }) => url.includes("stolen"));

  step("shows of the page what cannot run or load", async () => {
    await window.page.waitForTimeout(1000);
    assert.equal(await inPage(() => globalThis.broken), undefined);
    assert.equal(
      await window.chat
        .locator("iframe, form[action], img, meta[http-equiv=refresh], base, #bait")
        .count(),
      0,
    );
    assert.deepEqual(stolen(), []);
    assert.deepEqual(fromBrowser, [], "the webview asked the server itself");
  });

  step("has the token nowhere in the webview", async () => {
    const all = await inPage(
      () => document.documentElement.outerHTML + JSON.stringify({ ...localStorage }),
    );
    assert.ok(!all.includes(TOKEN));
    const { stored } = JSON.parse(await window.chat.locator("#boot").textContent());
    assert.ok(!JSON.stringify(stored).includes(TOKEN));
  });

  step("cannot load a script, ask a server or be sent elsewhere, even if it runs", async () => {
    const outcome = await inPage(async (_body, at) => {
      const reached = [];
      const attempt = async (name, act) => {
        try {
          await act();
          reached.push(name);
        } catch {
          // as it should be
        }
      };
      await attempt("fetch", () => fetch(`${at}/stolen/fetch`, { mode: "no-cors" }));
      await attempt("beacon", () => {
        if (!navigator.sendBeacon(`${at}/stolen/beacon`)) throw new Error();
      });
      await attempt(
        "socket",
        () =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket(`${at.replace("http", "ws")}/stolen/socket`);
            socket.onopen = resolve;
            socket.onerror = reject;
          }),
      );
      await attempt(
        "script",
        () =>
          new Promise((resolve, reject) => {
            const script = Object.assign(document.createElement("script"), {
              src: `${at}/stolen/script`,
              onload: resolve,
              onerror: reject,
            });
            document.body.append(script);
          }),
      );
      await attempt("inline", () => {
        const script = Object.assign(document.createElement("script"), {
          textContent: "globalThis.broken = 'inline'",
        });
        document.body.append(script);
        if (!globalThis.broken) throw new Error();
      });
      await attempt("eval", () => new Function("return 1")());
      await attempt(
        "image",
        () =>
          new Promise((resolve, reject) => {
            Object.assign(new Image(), {
              src: `${at}/stolen/image`,
              onload: resolve,
              onerror: reject,
            });
          }),
      );
      return reached;
    }, `http://127.0.0.1:${port}`);
    // A beacon is taken by the browser and stopped by the policy afterwards: the server decides.
    assert.deepEqual(
      outcome.filter((name) => name !== "beacon"),
      [],
    );
    await window.page.waitForTimeout(500);
    assert.deepEqual(stolen(), []);
  });

  step("cannot have the host run a command, read a file or take the token elsewhere", async () => {
    const before = asked.length;
    const secret = `file://${bench.workspace}/secret.txt`;
    for (const message of [
      { type: "command", command: "workbench.action.terminal.new" },
      { type: "get-token" },
      { type: "open-image", path: secret, name: "secret.txt" },
      { type: "open-image", path: "/media/../../secret.txt", name: "secret.txt" },
      { type: "media", id: 1, path: `http://127.0.0.1:${port}/stolen/media` },
      { type: "media", id: 2, path: `//127.0.0.1:${port}/media/stolen/x` },
      { type: "media", id: 3, path: "/media/%2e%2e/stolen" },
      { type: "media", id: 4, path: "/media/redirect/x" },
      { type: "save", path: secret, name: "x" },
      {
        type: "open-code",
        code: { path: "/etc/passwd", start_line: 1, end_line: 1, text: "root" },
      },
      {
        type: "open-code",
        code: { path: "../../../../etc/passwd", start_line: 1, end_line: 1, text: "root" },
      },
      { type: "sign-in", server: `http://127.0.0.1:${port}/stolen/`, username: "x", password: "y" },
      { type: "store", key: "mediaChat.windowInFront", value: "x" },
      { bridge: "upload", id: 9, name: "x", type: "", path: secret },
      { bridge: "upload", id: 9, name: "x", type: "", bytes: secret },
      { bridge: "send", id: 1, text: JSON.stringify({ type: "admin" }) },
      "command:workbench.action.terminal.new",
      null,
      { __proto__: null, type: "constructor" },
    ]) {
      await say(message);
    }
    await window.page.waitForTimeout(1500);
    assert.deepEqual(stolen(), []);
    const since = asked.slice(before).filter(({ url }) => !url.startsWith("/api/v1/tickets"));
    assert.deepEqual(
      since.map(({ method, url }) => `${method} ${url}`),
      ["GET /media/redirect/x"],
    );
    assert.equal(await window.page.locator(".terminal-wrapper, .tab").count(), 0);
    assert.equal(
      await window.page.locator(".monaco-dialog-box, .quick-input-widget:visible").count(),
      0,
    );
  });

  step("opens no address but those of the web", async () => {
    const pages = [];
    const note = (page) => pages.push(page);
    bench.context.on("page", note);
    await inPage(() => {
      const attempt = (act) => {
        try {
          act();
        } catch {
          // as it should be
        }
      };
      for (const address of [
        "command:workbench.action.terminal.new",
        "vscode:extension/x.y",
        "file:///etc/passwd",
      ]) {
        attempt(() => globalThis.open(address));
        attempt(() => (globalThis.top.location = address));
        attempt(() =>
          globalThis.parent.postMessage({ channel: "did-click-link", data: { uri: address } }, "*"),
        );
        attempt(() => globalThis.keptApi.postMessage({ type: "open", href: address }));
      }
    });
    for (const href of [
      "command:workbench.action.terminal.new",
      "vscode:extension/x.y",
      "file:///etc/passwd",
      "javascript:globalThis.broken='link'",
      "data:text/html,x",
      "mailto:x@y.example",
    ]) {
      await clickOn(href);
    }
    await window.page.waitForTimeout(1000);
    assert.deepEqual(
      pages.map((page) => page.url()),
      [],
    );
    assert.equal(await inPage(() => globalThis.broken), undefined);
    assert.equal(
      await window.page.locator(".terminal-wrapper, .tab, .monaco-dialog-box").count(),
      0,
    );
    bench.context.off("page", note);
  });

  step("does open those", async () => {
    const address = "https://good.example/a";
    await bench.context.route(address, (route) => route.fulfill({ body: "good" }));
    const opened = bench.context.waitForEvent("page");
    await clickOn(address);
    const page = await opened;
    await page.waitForURL(address);
    await page.close();
  });

  step("writes the token into no log and no setting", async () => {
    const kept = readdirSync(bench.folder, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    const logs = kept.filter(
      ({ parentPath, name }) => /\.log$|\.json$/.test(name) && !parentPath.includes("/ext/"),
    );
    assert.ok(logs.length > 3, "there are no logs to look into");
    for (const { parentPath, name } of logs) {
      assert.ok(!readFileSync(path.join(parentPath, name), "utf8").includes(TOKEN), name);
    }
    assert.ok(!window.logs.some((line) => line.includes(TOKEN)));
  });

  step("is still itself after all that", async () => {
    await until("The view", () => window.page.locator(`${VIEW} >> visible=true`).count());
    await window.chat.locator("mc-app main").waitFor();
  });
});
