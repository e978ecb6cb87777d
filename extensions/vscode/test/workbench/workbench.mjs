/** A real VS Code workbench with the packaged extension in it, and hands to use it. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { freePort, until } from "./chat-server.mjs";
import { installWorkbench } from "./install.mjs";

export const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const artefacts = path.join(extension, "artefacts");
const VSIX = path.join(extension, "media-chat.vsix");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  // A page that a test has changed on its way counts as one from elsewhere.
  "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
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
  "git.openRepositoryInParentFolders": "never",
};

process.once("SIGTERM", () => process.exit(143));

/** The webview of the chat; editors have webviews too. */
export const VIEW = 'iframe.webview.ready[src*="media-chat"]';

/** What is loaded into a workbench whose extension hosts are watched. */
const WATCHED_HOST = path.join(extension, "test/workbench/watched-host.cjs");
const TRACE = `&payload=${encodeURIComponent(JSON.stringify([["logLevel", "trace"]]))}`;

export class Workbench {
  #process = null;

  /**
   * @param {{settings?: object, machine?: object, vsix?: string, release?: string, options?: string[], watched?: boolean}} options
   *   user and machine settings, the package to install, which VS Code, its own options, and whether
   *   all that is logged and every connection of an extension host is written down
   */
  static async create({ settings = {}, machine = {}, vsix = VSIX, release = "newest", options = [], watched = false } = {}) {
    const { node, codeServer, version } = await installWorkbench(release);
    const bench = new Workbench();
    bench.version = version;
    bench.isWatched = watched;
    bench.folder = mkdtempSync(path.join(os.tmpdir(), "workbench-"));
    bench.workspace = path.join(bench.folder, "ws");
    for (const name of ["ud/User", "ud/Machine", "ext", "ws"]) mkdirSync(path.join(bench.folder, name), { recursive: true });
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
    bench.port = await freePort();
    bench.url = `http://127.0.0.1:${bench.port}`;
    const log = openSync(path.join(bench.folder, "cs.log"), "a");
    bench.#process = spawn(
      node,
      [...common, "--session-socket", path.join(bench.folder, "cs.sock"), "--bind-addr", `127.0.0.1:${bench.port}`,
        "--auth", "none", "--disable-telemetry", "--disable-update-check", ...(watched ? ["--log", "trace"] : []),
        ...options.flatMap((option) => ["--vscode-option", option]), bench.workspace],
      // A group of its own: extension hosts outlive their window for hours.
      { detached: true, stdio: ["ignore", log, log], env: { ...process.env, ...(watched ? bench.#watch : null) } },
    );
    // Also when a test is ended from outside.
    process.once("exit", () => bench.kill());
    await until("The workbench", async () => (await fetch(`${bench.url}/healthz`)).ok, 30);
    const executablePath = CHROMIUM.find((each) => spawnSync("test", ["-x", each]).status === 0);
    bench.browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    bench.context = await bench.newContext();
    return bench;
  }

  /** What makes a workbench write down what its extension hosts do. */
  get #watch() {
    return { NODE_OPTIONS: `--require=${WATCHED_HOST}`, CONNECTIONS: path.join(this.folder, "connections") };
  }

  /** Where the extension hosts have connected to, as `host:port`. */
  get connections() {
    return readFileSync(path.join(this.folder, "connections"), "utf8").trim().split("\n");
  }

  async newContext(options = {}) {
    const size = { viewport: { width: 1280, height: 800 } };
    const context = await this.browser.newContext({ ...size, acceptDownloads: true, ...options });
    // The machine may have much else to do.
    context.setDefaultTimeout(40_000);
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
  async open({ context = this.context, folder = this.workspace, query = this.isWatched ? TRACE : "", configure = null, functions = {} } = {}) {
    const page = await context.newPage();
    for (const [name, run] of Object.entries(functions)) await page.exposeFunction(name, run);
    if (configure) await page.route((url) => url.pathname === "/", (route) => serveWith(route, configure));
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

export class Window {
  logs = [];

  constructor(bench, page) {
    this.bench = bench;
    this.page = page;
  }

  get icon() {
    return this.page.locator('.activitybar .action-item:has([aria-label^="Media Chat"])').first();
  }

  get badge() {
    return this.icon.locator(".badge-content");
  }

  get statusBar() {
    return this.page.locator('.statusbar-item[id*="mediaChat.status"]');
  }

  /** The document in the chat's view. */
  get chat() {
    return this.page.frameLocator(`${VIEW} >> visible=true`).frameLocator("#active-frame");
  }

  notification(text) {
    return this.page.locator(".notification-toast, .notification-list-item", { hasText: text }).first();
  }

  /** Notifications that are shown now, as text. */
  async notifications() {
    return this.page.locator(".notification-toast .notification-list-item-message").allInnerTexts();
  }

  async showChat() {
    const isShown = await this.icon.evaluate((item) => item.classList.contains("checked"));
    if (!isShown) await this.icon.click();
    await this.page.locator(`${VIEW} >> visible=true`).waitFor();
  }

  /** Runs a command from the palette, by its title or by how that begins. */
  async command(title) {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget input").first();
    await input.fill(`>${title}`);
    const begins = new RegExp(`^\\s*${title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
    const rows = this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: begins });
    // Of "Move View" and "Move Views to …" the shorter is meant.
    await rows.first().waitFor();
    const titles = await rows.locator(".label-name").allInnerTexts();
    const shortest = titles.reduce((best, each, at) => (each.length < titles[best].length ? at : best), 0);
    await rows.nth(shortest).click();
  }

  /** Chooses in a quick pick. */
  async pick(text) {
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();
    await row.waitFor();
    await row.click();
  }

  /** Answers an input box. */
  async answer(text) {
    const input = this.page.locator(".quick-input-widget:visible input").first();
    await input.fill(text);
    await input.press("Enter");
  }

  /** A row of a tree in the side bar, by the words it begins with. */
  row(text) {
    return this.page.locator(".sidebar .monaco-list-row", { hasText: text }).first();
  }

  /** Shows the view of rooms, which is folded up at first. */
  async showRooms() {
    await this.showChat();
    const header = this.page.locator('.pane-header[aria-label^="Rooms"]');
    if ((await header.getAttribute("aria-expanded")) !== "true") await header.click();
  }

  /** Shows the Explorer. */
  async showExplorer() {
    await this.page.keyboard.press("Control+Shift+E");
    await this.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
  }

  /** Opens the menu of something by the pointer, and chooses in it. */
  async chooseInMenuOf(target, entry) {
    await target.click({ button: "right" });
    const item = this.page.locator(".monaco-menu .action-item", { hasText: entry }).first();
    await item.hover();
    // A menu takes no click in its first moments, lest the one that opened it chooses, too.
    await this.page.waitForTimeout(300);
    await item.click();
  }

  /** Chooses in the menu of accounts, and in the menu that this opens. */
  async chooseAccount(...entries) {
    await this.page.locator('.activitybar [aria-label^="Accounts"]').first().click();
    for (const [at, entry] of entries.entries()) {
      const item = this.page.locator(".monaco-menu .action-item", { hasText: entry }).last();
      await item.hover();
      await this.page.waitForTimeout(300); // as above
      if (at === entries.length - 1) await item.click();
    }
  }

  /** What the browser shows once the editor has asked for it, and the person said yes to that. */
  async openedBrowser(ask) {
    await ask();
    const opened = this.page.context().waitForEvent("page");
    await this.page.locator(".monaco-dialog-box .monaco-button", { hasText: "Open" }).first().click();
    return opened;
  }

  async signIn(server, username, password) {
    await this.showChat();
    const { chat } = this;
    await chat.locator("input[name=server]").fill(server);
    await chat.locator("input[name=username]").fill(username);
    await chat.locator("input[name=password]").fill(password);
    await chat.locator("#sign-in button.is-primary").click();
  }

  async screenshot(name) {
    mkdirSync(artefacts, { recursive: true });
    await this.page.screenshot({ path: path.join(artefacts, `${name}.png`) });
  }
}

/** How code-server is called, with all that is its own in one folder. */
function programOf(codeServer, folder) {
  return [
    codeServer, "--config", path.join(folder, "config.yaml"),
    "--user-data-dir", path.join(folder, "ud"), "--extensions-dir", path.join(folder, "ext"),
  ];
}

function installExtension(node, common, vsix) {
  const { stdout, stderr } = spawnSync(node, [...common, "--install-extension", vsix], { encoding: "utf8" });
  if (!/successfully installed/.test(stdout)) throw new Error(stdout + stderr);
}

/** Installs the package once, for all the tests that take it as it is. */
export async function prepareExtension(folder) {
  const { node, codeServer } = await installWorkbench();
  installExtension(node, programOf(codeServer, folder), VSIX);
}

/** Serves the workbench with its settings, which are in the page as JSON, changed. */
async function serveWith(route, configure) {
  const response = await route.fetch();
  const html = await response.text();
  const [, quoted] = html.match(/data-settings="(\{[^"]*)"/);
  const settings = JSON.parse(quoted.replaceAll("&quot;", '"'));
  configure(settings);
  const headers = { ...response.headers() };
  for (const name of ["content-security-policy", "content-length", "content-encoding"]) delete headers[name];
  const body = html.replace(quoted, JSON.stringify(settings).replaceAll('"', "&quot;"));
  await route.fulfill({ status: response.status(), headers, body });
}

/** An `it` that takes a picture of the window when it fails. What follows on it is not tried then. */
export const steps = (window) => {
  let isBroken = false;
  return (name, run) =>
    it(name, { timeout: 300_000 }, async (t) => {
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
