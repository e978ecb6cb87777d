/** A real VS Code workbench with the packaged extension in it. */
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { linkBuiltIn } from "./built-in.mjs";
import { freePort, TIMEOUT_MS, until } from "./chat-server.mjs";
import { installWorkbench } from "./install.mjs";
import { Window } from "./window.mjs";

export const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const VSIX = path.join(extension, "media-chat.vsix");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--disable-features=${[
    // A page that a test has changed on its way counts as one from elsewhere.
    "LocalNetworkAccessChecks",
    "LocalNetworkAccessChecksWebSockets",
    // Each window would have two pages more, for what is suggested below an address bar that nobody sees.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
  ]}`,
];
/** What would get in the way of a test, and nothing that the extension is concerned with. */
const QUIET = {
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "remote.autoForwardPorts": false,
  "workbench.enableExperiments": false,
  "window.restoreWindows": "none",
  // On in a browser, off on a desktop: a second after something is typed it would be on the disk, over
  // what a test has written there meanwhile.
  "files.autoSave": "off",
  "git.openRepositoryInParentFolders": "never",
};

/** How often a test repeats what is provoked in rounds. Its time limits grow with it. */
export const ROUNDS = Number(process.env.ROUNDS ?? 1);

process.once("SIGTERM", () => process.exit(143));

/** What is loaded into a workbench whose extension hosts are watched. */
const WATCHED_HOST = path.join(extension, "test/workbench/watched-host.cjs");
const TRACE = `&payload=${encodeURIComponent(JSON.stringify([["logLevel", "trace"]]))}`;

export class Workbench {
  #process = null;

  /**
   * @param {object} given
   * @param {object} [given.settings] the user's
   * @param {object} [given.machine] the machine's settings
   * @param {string} [given.vsix] the package to install
   * @param {string} [given.release] which VS Code
   * @param {string[]} [given.options] of VS Code itself
   * @param {boolean} [given.whole] whether it has all of VS Code's own extensions and compresses what
   *   it says, as for users; always so where package or release are others than in most tests
   * @param {boolean} [given.watched] whether all that is logged and every connection of an extension
   *   host is written down
   */
  static async create({
    settings = {},
    machine = {},
    vsix = VSIX,
    release = "newest",
    options = [],
    whole = false,
    watched = false,
  } = {}) {
    const { node, codeServer, version } = await installWorkbench(release);
    const bench = new Workbench();
    bench.version = version;
    bench.isWatched = watched;
    bench.folder = mkdtempSync(path.join(os.tmpdir(), "workbench-"));
    bench.workspace = path.join(bench.folder, "ws");
    for (const name of ["ud/User", "ud/Machine", "ext", "ws"])
      mkdirSync(path.join(bench.folder, name), { recursive: true });
    const write = (name, content) => writeFileSync(path.join(bench.folder, name), content);
    bench.settings = { ...QUIET, ...settings };
    write("ud/User/settings.json", JSON.stringify(bench.settings));
    write("ud/Machine/settings.json", JSON.stringify(machine));
    write("config.yaml", "auth: none\n");
    write("ws/notes.md", "# Notes\n");
    const common = programOf(codeServer, bench.folder);
    const isPrepared = process.env.PREPARED && vsix === VSIX && release === "newest";
    if (isPrepared) bench.install(path.join(process.env.PREPARED, "ext"));
    else installExtension(node, common, vsix);
    const cheaper =
      isPrepared && !whole
        ? [
            "disable-websocket-compression",
            `builtin-extensions-dir=${path.join(process.env.PREPARED, "built-in")}`,
          ]
        : [];
    bench.port = await freePort();
    bench.url = `http://127.0.0.1:${bench.port}`;
    const log = openSync(path.join(bench.folder, "cs.log"), "a");
    bench.#process = spawn(
      node,
      [
        ...common,
        "--session-socket",
        path.join(bench.folder, "cs.sock"),
        "--bind-addr",
        `127.0.0.1:${bench.port}`,
        "--auth",
        "none",
        "--disable-telemetry",
        "--disable-update-check",
        ...(watched ? ["--log", "trace"] : []),
        ...[...cheaper, ...options].flatMap((option) => ["--vscode-option", option]),
        bench.workspace,
      ],
      // A group of its own: extension hosts outlive their window for hours.
      {
        detached: true,
        stdio: ["ignore", log, log],
        env: { ...process.env, ...(watched ? bench.#watch : null) },
      },
    );
    // Also when a test is ended from outside.
    process.once("exit", () => bench.kill());
    await until("The workbench", async () => (await fetch(`${bench.url}/healthz`)).ok);
    const executablePath = CHROMIUM.find((each) => spawnSync("test", ["-x", each]).status === 0);
    bench.browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    bench.context = await bench.newContext();
    return bench;
  }

  /** What makes a workbench write down what its extension hosts do. */
  get #watch() {
    return {
      NODE_OPTIONS: `--require=${WATCHED_HOST}`,
      CONNECTIONS: path.join(this.folder, "connections"),
    };
  }

  /** Where the extension hosts have connected to, as `host:port`. */
  get connections() {
    return readFileSync(path.join(this.folder, "connections"), "utf8").trim().split("\n");
  }

  /** The process ids of the extension hosts. Those of windows that were closed or reloaded live on. */
  get extensionHosts() {
    const found = spawnSync(
      "pgrep",
      ["-g", String(this.#process.pid), "-f", "type=extensionHost"],
      { encoding: "utf8" },
    );
    return found.stdout.trim().split("\n").filter(Boolean).map(Number);
  }

  /**
   * The process id of the extension host that begins with what is done here, such as opening a window.
   * Ids begin again at small numbers after the largest, so that no order tells which is the newest.
   */
  async newHost(act) {
    const before = new Set(this.extensionHosts);
    await act();
    return until("An extension host", () => this.extensionHosts.find((host) => !before.has(host)));
  }

  async newContext(options = {}) {
    const size = { viewport: { width: 1280, height: 800 } };
    const context = await this.browser.newContext({ ...size, acceptDownloads: true, ...options });
    context.setDefaultTimeout(TIMEOUT_MS);
    return context;
  }

  /** Adds extensions as they lie in a folder. */
  install(folder) {
    cpSync(folder, path.join(this.folder, "ext"), { recursive: true });
    // The list of what is installed is made anew where it is missing.
    rmSync(path.join(this.folder, "ext", "extensions.json"), { force: true });
  }

  write(name, content) {
    const file = path.join(this.workspace, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  read(name) {
    return readFileSync(path.join(this.workspace, name));
  }

  /**
   * Opens a window.
   * @param {object} given
   * @param {(settings: object) => void} [given.configure] changes what the workbench is told when it starts
   * @param {Record<string, Function>} [given.functions] of the test, which the workbench calls by these names
   */
  async open({
    context = this.context,
    folder = this.workspace,
    query = this.isWatched ? TRACE : "",
    configure = null,
    functions = {},
  } = {}) {
    const page = await context.newPage();
    for (const [name, run] of Object.entries(functions)) await page.exposeFunction(name, run);
    if (configure)
      await page.route(
        (url) => url.pathname === "/",
        (route) => serveWith(route, configure),
      );
    const window = new Window(this, page);
    page.on("console", (message) => window.logs.push(`${message.type()}: ${message.text()}`));
    await page.goto(`${this.url}/?folder=${encodeURIComponent(folder)}${query}`);
    await page.locator(".monaco-workbench .activitybar").waitFor({ timeout: 150_000 });
    return window;
  }

  async end() {
    await this.browser?.close();
    this.kill();
  }

  kill() {
    try {
      process.kill(-this.#process.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How code-server is called, with all that is its own in one folder. */
function programOf(codeServer, folder) {
  return [
    codeServer,
    "--config",
    path.join(folder, "config.yaml"),
    "--user-data-dir",
    path.join(folder, "ud"),
    "--extensions-dir",
    path.join(folder, "ext"),
  ];
}

function installExtension(node, common, vsix) {
  const { stdout, stderr } = spawnSync(node, [...common, "--install-extension", vsix], {
    encoding: "utf8",
  });
  if (!/successfully installed/.test(stdout)) throw new Error(stdout + stderr);
}

/** Installs the package once, for all the tests that take it as it is, and chooses what is beside it. */
export async function prepareExtensions(folder) {
  const { node, codeServer, builtIn } = await installWorkbench();
  installExtension(node, programOf(codeServer, folder), VSIX);
  linkBuiltIn(path.join(folder, "built-in"), builtIn);
}

/** Serves the workbench with its settings, which are in the page as JSON, changed. */
async function serveWith(route, configure) {
  const response = await route.fetch();
  const html = await response.text();
  const [, quoted] = html.match(/data-settings="(\{[^"]*)"/);
  const settings = JSON.parse(quoted.replaceAll("&quot;", '"'));
  configure(settings);
  const headers = { ...response.headers() };
  for (const name of ["content-security-policy", "content-length", "content-encoding"])
    delete headers[name];
  const body = html.replace(quoted, JSON.stringify(settings).replaceAll('"', "&quot;"));
  await route.fulfill({ status: response.status(), headers, body });
}

/** An `it` that takes a picture of the window when it fails. What follows on it is not tried then. */
export const steps = (window) => {
  let isBroken = false;
  return (name, run) =>
    it(name, { timeout: 300_000 * ROUNDS }, async (t) => {
      if (isBroken) throw new Error("Not tried: a step before this has failed.");
      try {
        await run(t);
      } catch (error) {
        isBroken = true;
        await window()?.screenshot(`failed-${name.replace(/\W+/g, "-").slice(0, 60)}`);
        throw error;
      }
    });
};
