/** A window of a workbench, and hands to use it. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./chat-server.mjs";

export const artefacts = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  "../../artefacts",
);

/** By which the editor stores what is the extension's. */
export const STATE = "mediachat.media-chat";

/** The webview of the chat; editors have webviews too. */
export const VIEW = 'iframe.webview.ready[src*="media-chat"]';

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

  /**
   * Waits until the extension is connected. Without this state of the item, the extension may not have
   * started, or nobody may be signed in.
   */
  async online() {
    await this.statusBar.locator(".codicon-comment-discussion, .codicon-bell-slash").waitFor();
  }

  /** The document in the chat's view. */
  get chat() {
    return this.page.frameLocator(`${VIEW} >> visible=true`).frameLocator("#active-frame");
  }

  notification(text) {
    return this.page
      .locator(".notification-toast, .notification-list-item", { hasText: text })
      .first();
  }

  /** Notifications that are shown now, as text. */
  async notifications() {
    return this.page.locator(".notification-toast .notification-list-item-message").allInnerTexts();
  }

  async showChat() {
    const view = this.page.locator(`${VIEW} >> visible=true`);
    // A window that is being restored may show it by itself, and a click then hides it again.
    for (let left = 3; ; left--) {
      const isShown = await this.icon.evaluate((item) => item.classList.contains("checked"));
      if (!isShown) await this.icon.click();
      try {
        return await view.waitFor({ timeout: 10_000 });
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  }

  /** Runs a command from the palette, by its title or by how that begins. */
  async command(title) {
    const input = this.page.locator(".quick-input-widget input").first();
    const begins = new RegExp(`^\\s*${title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
    const rows = this.page
      .locator(".quick-input-list .monaco-list-row")
      .filter({ hasText: begins });
    // A page that is drawn in the view just then takes the focus, and without it the palette closes.
    for (let left = 3; ; left--) {
      await this.page.keyboard.press("F1");
      try {
        await input.fill(`>${title}`, { timeout: 20_000 });
        await rows.first().waitFor({ timeout: 20_000 });
        break;
      } catch (error) {
        if (left === 0) throw error;
      }
    }
    // Of "Move View" and "Move Views to …" the shorter is meant.
    const titles = await rows.locator(".label-name").allInnerTexts();
    const shortest = titles.reduce(
      (best, each, at) => (each.length < titles[best].length ? at : best),
      0,
    );
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

  /** How much the tree shows as unread in a room, at the end of its row; "" for nothing. */
  async unreadBadge(text) {
    const label = this.row(text).locator(".monaco-icon-label").first();
    const content = await label.evaluate((each) => getComputedStyle(each, "::after").content);
    return content === "none" ? "" : content.replaceAll('"', "");
  }

  /** Shows the view of rooms, also where it is folded up. */
  async showRooms() {
    await this.showChat();
    const header = this.page.locator('.pane-header[aria-label^="Rooms"]');
    if ((await header.getAttribute("aria-expanded")) !== "true") await header.click();
  }

  /** Opens a room by the view of rooms. */
  async openRoom(name) {
    await this.showRooms();
    await this.row(name).click();
    await this.chat.locator("mc-room-header", { hasText: name }).waitFor();
  }

  /** Shows the Explorer, by a click: keys may reach nobody while the focus moves into a page. */
  async showExplorer() {
    const icon = this.page.locator(".activitybar .action-item", {
      has: this.page.locator(".codicon-explorer-view-icon"),
    });
    const isShown = await icon.evaluate((item) => item.classList.contains("checked"));
    if (!isShown) await icon.click();
    await this.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
  }

  /** Opens a file of the workspace by its name, and waits for its text. */
  async openFile(name) {
    // A view that was led to just before takes the keyboard a second time, and the list then closes.
    await until(`${name} in the list of files`, async () => {
      await this.page.keyboard.press("Control+P");
      await this.page
        .locator(".quick-input-widget:visible input")
        .first()
        .fill(name, { timeout: 5_000 });
      await this.page
        .locator(".quick-input-list .monaco-list-row", { hasText: name })
        .first()
        .click({ timeout: 5_000 });
      return true;
    });
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
    // The tab is there before the file is read.
    await this.page
      .locator(`.monaco-editor[data-uri$="/${name}"] .view-line, .notebookOverlay .cell`)
      .first()
      .waitFor();
  }

  /** Selects so many lines of the file that is open, from its first one on. */
  async selectLines(count) {
    await this.page.locator(".monaco-editor .view-line").first().click();
    await this.page.keyboard.press("Control+Home");
    for (let lines = 0; lines < count; lines++) await this.page.keyboard.press("Shift+ArrowDown");
  }

  /** Shares the file that is open, by the palette. */
  async shareFile(room) {
    await this.command("Media Chat: Share in Media Chat");
    await this.pick(room);
  }

  /** Shares the selected lines with some words, by the palette. */
  async shareSelection(room, words) {
    await this.command("Media Chat: Share Selection");
    await this.pick(room);
    await this.answer(words);
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
    await this.page
      .locator(".monaco-dialog-box .monaco-button", { hasText: "Open" })
      .first()
      .click();
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

  /** Signs in, and opens the room with someone. */
  async signInToRoomWith(server, username, password, other) {
    await this.signIn(server, username, password);
    await this.openRoom(other);
    await this.chat.locator("mc-composer textarea").waitFor();
  }

  /**
   * What the editor has written down of itself and for its extensions, by key: of the workspace and of
   * all windows, one below the other. It does so some time after a change; what is not in it yet is lost
   * when the window goes.
   */
  stored() {
    return this.page.evaluate(async () => {
      const answer = (request) =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const found = {};
      for (const { name } of await indexedDB.databases()) {
        if (!name.startsWith("vscode-web-state-db")) continue;
        const database = await answer(indexedDB.open(name));
        const items = database.transaction("ItemTable").objectStore("ItemTable");
        const [keys, values] = await Promise.all([
          answer(items.getAllKeys()),
          answer(items.getAll()),
        ]);
        keys.forEach(
          (key, at) =>
            (found[key] = key in found ? `${found[key]}\n${values[at]}` : String(values[at])),
        );
        database.close();
      }
      return found;
    });
  }

  /** Waits until what is stored by this key fits; "" is what is not stored. @param {(value: string) => boolean} fits */
  async hasStored(key, fits) {
    await until(`${key}, stored,`, async () => fits((await this.stored())[key] ?? ""));
  }

  async screenshot(name) {
    mkdirSync(artefacts, { recursive: true });
    await this.page.screenshot({ path: path.join(artefacts, `${name}.png`) });
  }
}
