import * as vscode from "vscode";
import { relay } from "../../../../static/chat/transports/bridge.js";
import type { Accounts } from "../account/account.js";
import { SignInForm } from "./sign-in-form.js";
import type { Chat, Connected } from "../chat/chat.js";
import type { EditorStorage } from "../chat/editor-storage.js";
import { retryUpload, tellUploads, uploadsNow } from "../chat/upload-news.js";
import type { Files } from "../files/files.js";
import type { CodeLocator } from "../code/code-locator.js";
import type { Change } from "../platform/folder-values.js";
import { Problem } from "../server/problem.js";
import { chatDocument, noticeDocument, signInDocument, type Place } from "./documents.js";
import { readFromPage, type FromBridge, type FromPage, type ToPage } from "../bridge/protocol.js";
import { SHOWN } from "../chat/shown-room.js";

export const VIEW = "mediaChat.chat";
const EMBED = "mediaChat.embed";
/** If the server does not answer within this, the page is shown from its last response. */
const EMBED_TIMEOUT_MS = 700;
/** The page without the server's markup. */
const EMPTY_PAGE = "<mc-app></mc-app>";

interface Services {
  extensionUri: vscode.Uri;
  state: vscode.Memento;
  accounts: Accounts;
  chat: Chat;
  storage: EditorStorage;
  files: Files;
  codeLocator: CodeLocator;
  form: SignInForm;
  log: vscode.LogOutputChannel;
}

/** The chat in the side bar: the server's page, in a document of the extension. */
export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  #view: vscode.WebviewView | null = null;
  #endPage = () => {};
  /** Grows with each drawing, so that an outdated one shows nothing. */
  #turn = 0;
  /** Messages to the page wait until it reports that it has started. */
  #waiting: ToPage[] | null = [];
  #toRelay: (message: FromBridge) => void = () => {};
  readonly #changed = new vscode.EventEmitter<void>();
  /** {@link isDrawn} or {@link roomShown} may have changed. */
  readonly onDidChange = this.#changed.event;
  readonly #disposables: vscode.Disposable[];

  constructor(private readonly services: Services) {
    const { chat } = services;
    this.#disposables = [
      this.#changed,
      vscode.window.registerWebviewViewProvider(VIEW, this, {
        webviewOptions: { retainContextWhenHidden: true },
      }),
      chat.onDidSwitch((connected) => this.#switched(connected)),
    ];
    chat.recent.inSight = () => (this.#view?.visible && services.storage.getItem(SHOWN)) || null;
    services.storage.addEventListener("storage", (event) => {
      if ((event as unknown as Change).key === SHOWN) this.#changed.fire();
    });
    // A page that is drawn later begins with the state stored by then.
    services.storage.changed = ({ key, newValue }) => {
      if (this.#view && chat.connected) this.tell({ type: "stored", key, value: newValue });
    };
    this.#switched(chat.connected);
  }

  dispose(): void {
    this.#endPage();
    for (const each of this.#disposables) each.dispose();
  }

  /** Whether the page has started and is not hidden, whichever window is in front. */
  get isDrawn(): boolean {
    return Boolean(this.#view?.visible && !this.#waiting);
  }

  /** Whether the person can see the chat now. */
  get isInSight(): boolean {
    return Boolean(this.#view?.visible && vscode.window.state.focused);
  }

  /** The room that the page shows, whether or not the view is visible. */
  get roomShown(): string | null {
    return this.#view ? this.services.storage.getItem(SHOWN) : null;
  }

  /**
   * The room that is in front, if the person can see it now. A page that has not started, as in a
   * window that was just reloaded, shows nothing yet.
   */
  get roomInSight(): string | null {
    return this.isInSight && !this.#waiting ? this.services.storage.getItem(SHOWN) : null;
  }

  /** Shows the view and sends its page a message, once it is ready. */
  async show(message?: ToPage): Promise<void> {
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    if (message) this.tell(message);
  }

  tell(message: ToPage): void {
    if (this.#waiting) this.#waiting.push(message);
    else void this.#view?.webview.postMessage(message);
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    view.webview.options = {
      enableScripts: true,
      enableForms: true,
      enableCommandUris: false,
      localResourceRoots: [vscode.Uri.joinPath(this.services.extensionUri, "dist", "webview")],
    };
    view.webview.onDidReceiveMessage((message: unknown) => void this.#receive(message));
    view.onDidChangeVisibility(() => this.#changed.fire());
    view.onDidDispose(() => {
      if (this.#view !== view) return;
      this.#view = null;
      this.#turn++;
      this.#endPage();
      this.#waiting = [];
      this.#changed.fire();
    });
    void this.#draw();
  }

  #switched(connected: Connected | null): void {
    connected?.client.addEventListener("state", () => {
      if (connected.client.state === "online") this.tell({ type: "wake" });
    });
    // Events from before the page began are part of its initial state.
    if (connected)
      tellUploads(
        connected.client,
        (upload) => !this.#waiting && this.tell({ type: "upload", upload }),
      );
    if (this.#view) void this.#draw();
  }

  // -- What is shown ---------------------------------------------------------------------------

  async #draw(): Promise<void> {
    const { accounts, chat, form, storage } = this.services;
    const turn = ++this.#turn;
    // A signed-in person never sees the form, not even for a moment.
    await accounts.known;
    const view = this.#view;
    if (!view || turn !== this.#turn) return;
    this.#endPage();
    this.#waiting = this.#waiting ?? [];
    const connected = chat.connected;
    const place = this.#place(view.webview);
    if (!connected) {
      view.webview.html = signInDocument(place, form.state);
      return;
    }
    try {
      const embed = await this.#embed(connected);
      if (turn !== this.#turn) return;
      this.#relay(view, connected);
      const user = connected.account.user.id;
      const shown = { server: connected.server.address, user, stored: storage.of(user) };
      view.webview.html = chatDocument(place, embed, shown);
    } catch (error) {
      if (turn === this.#turn) view.webview.html = noticeDocument(place, (error as Error).message);
    }
  }

  #place(webview: vscode.Webview): Place {
    const folder = vscode.Uri.joinPath(this.services.extensionUri, "dist", "webview");
    return {
      nonce: crypto.randomUUID().replaceAll("-", ""),
      cspSource: webview.cspSource,
      file: (name) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString(),
    };
  }

  /** The server's `/embed/`; if the server is unavailable, its last response. */
  async #embed(connected: Connected): Promise<string> {
    const { state } = this.services;
    const key = `${EMBED}:${connected.server.address}`;
    const known = state.get<string>(key);
    const asked = this.#askForEmbed(connected).then((embed) => {
      void state.update(key, embed);
      return embed;
    });
    if (known === undefined) {
      return asked.catch((error: unknown) => {
        // What waits is shown also where the server has never been seen from here.
        if (
          error instanceof Problem &&
          error.code === "unreachable" &&
          connected.client.unsent.length > 0
        )
          return EMPTY_PAGE;
        throw error;
      });
    }
    const late = new Promise<string>((resolve) =>
      setTimeout(() => resolve(known), EMBED_TIMEOUT_MS),
    );
    return Promise.race([asked, late]).catch((error: unknown) => {
      // The cached page is used while the server is away, but never against its current response.
      if (
        error instanceof Problem &&
        error.code !== "unreachable" &&
        error.code !== "wrong_address"
      )
        throw error;
      return known;
    });
  }

  async #askForEmbed({ server, account }: Connected): Promise<string> {
    const response = await server.fetch("/embed/", { token: account.token });
    if (response.status === 401) {
      await this.services.accounts.forget();
      throw new Problem("signed_out", vscode.l10n.t("Your session has ended. Sign in again."));
    }
    if (response.status >= 500) {
      throw new Problem("server_error", vscode.l10n.t("The server failed. Try again in a moment."));
    }
    // The HTML parser is large, and unneeded before there is a page, so the start does not load it.
    const { embedded } = await import("./embed.js");
    const embed = response.ok ? embedded(await response.text()) : null;
    if (embed === null) {
      throw new Problem(
        "not_media_chat",
        vscode.l10n.t(
          "{0} does not answer as Media Chat does. Check the address, or update the extension.",
          server.url.host,
        ),
      );
    }
    return embed;
  }

  // -- What is said ------------------------------------------------------------------------------

  #relay(view: vscode.WebviewView, connected: Connected): void {
    const port = {
      post: (message: object) => void view.webview.postMessage(message),
      listen: (listener: (message: FromBridge) => void) => {
        this.#toRelay = listener;
      },
    };
    const end = relay(port, connected.transport.forPage());
    this.#endPage = () => {
      this.#endPage = () => {};
      this.#toRelay = () => {};
      this.#waiting = [];
      end();
    };
  }

  async #receive(raw: unknown): Promise<void> {
    const message = readFromPage(raw);
    if (!message)
      return this.services.log.warn("The view said something that it may not say; it was ignored.");
    if ("bridge" in message) return this.#toRelay(message);
    try {
      await this.#answer(message);
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  async #answer(message: FromPage): Promise<void> {
    const { storage, files, codeLocator, form, chat } = this.services;
    switch (message.type) {
      case "started": {
        const waiting = this.#waiting ?? [];
        this.#waiting = null;
        this.#changed.fire();
        for (const each of waiting) this.tell(each);
        const client = chat.connected?.client;
        for (const upload of client ? uploadsNow(client) : [])
          this.tell({ type: "upload", upload });
        return;
      }
      case "store":
        return storage.changeFromPage(message.key, message.value);
      case "media":
        return this.#media(message.id, message.path);
      case "save":
        return files.save(message.path, message.name);
      case "open-image":
        return files.open(message.path, message.name);
      case "open-code":
        return codeLocator.open(message.code);
      case "show-rooms":
        return void vscode.commands.executeCommand("mediaChat.rooms.focus");
      case "retry":
        return this.#draw();
      case "retry-upload":
        return chat.connected ? retryUpload(chat.connected.client, message.key) : undefined;
      case "sign-in":
      case "sign-in-browser":
      case "sign-in-cancel":
      case "second-factor":
        if (chat.connected) return;
        return form.answer(message, (reply) => this.tell(reply));
    }
  }

  async #media(id: number, path: string): Promise<void> {
    try {
      const { bytes, contentType } = await this.services.files.read(path);
      this.tell({ type: "media", id, bytes, contentType });
    } catch (error) {
      this.tell({ type: "media-failed", id, detail: (error as Error).message });
    }
  }
}
