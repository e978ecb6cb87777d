import * as vscode from "vscode";
import type { ChatClient } from "../../../../static/chat/client.js";
import { isolated } from "../../../../static/chat/names.js";
import type { Message, Room } from "../../../../static/chat/protocol.js";
import type { Chat } from "../chat/chat.js";
import { displayName, roomTitle } from "../chat/naming.js";
import type { ChatView } from "../view/chat-view.js";
import type { Quiet } from "./quiet.js";

const FRONT = "mediaChat.windowInFront";
/** Messages for which some window has called, or in which they were in sight. */
const NOTED = "mediaChat.notedMessages";
const NOTED_LIMIT = 100;
/** What a window in front needs at most to call, until another steps in for it. */
const PATIENCE_MS = 1_500;
const WORDS_LIMIT = 140;

/**
 * Calls for mentions and direct messages, and for nothing else. All windows hear of every message;
 * the one that was last in front calls, and when it does not, because it is gone, another does.
 */
export class Notifier implements vscode.Disposable {
  readonly #window = crypto.randomUUID();
  readonly #disposables: vscode.Disposable[];

  constructor(
    private readonly chat: Chat,
    private readonly view: ChatView,
    private readonly quiet: Quiet,
    private readonly state: vscode.Memento,
  ) {
    // What several windows write is seen by all of them, the last of it in the end: so there is
    // one answer to which of them calls, whatever each believes of its focus.
    this.#disposables = [
      vscode.window.onDidChangeWindowState(({ focused }) => focused && this.#claim()),
      chat.onDidMention(({ room, message }) => void this.#called(room, message)),
    ];
    if (vscode.window.state.focused) this.#claim();
  }

  dispose(): void {
    if (this.#isInFront) void this.state.update(FRONT, undefined);
    for (const each of this.#disposables) each.dispose();
  }

  #claim(): void {
    void this.state.update(FRONT, this.#window);
  }

  get #isInFront(): boolean {
    return this.state.get(FRONT) === this.#window;
  }

  /** Whether it falls to this window to call for a message. */
  async #isMine(message: string): Promise<boolean> {
    while (!this.#isInFront) {
      await pause(this.state.get(FRONT) ? PATIENCE_MS : 0);
      if (this.#isNoted(message)) return false;
      this.#claim();
      // Several windows may find this at once: what one of them wrote last is seen by all.
      await pause(200 + Math.random() * 300);
      // Nobody's, where a window that is closing gave up its place after this one took it.
      if (!this.#isInFront && this.state.get(FRONT)) return false;
    }
    if (this.#isNoted(message)) return false;
    this.#note(message);
    return true;
  }

  get #noted(): string[] {
    return this.state.get<string[]>(NOTED, []);
  }

  #isNoted(message: string): boolean {
    return this.#noted.includes(message);
  }

  #note(message: string): void {
    void this.state.update(NOTED, [...this.#noted, message].slice(-NOTED_LIMIT));
  }

  async #called(room: Room, message: Message): Promise<void> {
    const client = this.chat.connected?.client;
    const wanted = vscode.workspace.getConfiguration("mediaChat").get("notifications", true);
    if (!client || !wanted || this.quiet.doNotDisturb || this.quiet.isMuted(room.id)) return;
    if (this.view.roomInSight === room.id) this.#note(message.id);
    else if (await this.#isMine(message.id)) await this.#call(client, room, message);
  }

  async #call(client: ChatClient, room: Room, message: Message): Promise<void> {
    const sender = displayName(client, message.sender);
    const where = room.kind === "direct" ? sender : vscode.l10n.t("{0} in {1}", sender, roomTitle(client, room));
    const open = vscode.l10n.t("Open");
    const mute = vscode.l10n.t("Mute Room");
    // A notification's text can hold links; what strangers write must not become one.
    const words = plain(spoken(message)).slice(0, WORDS_LIMIT);
    const chosen = await vscode.window.showInformationMessage(`${plain(where)}: ${isolated(words)}`, open, mute);
    if (chosen === open) await this.view.show({ type: "open-room", room: room.id });
    if (chosen === mute) await this.quiet.mute(room.id, true);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function spoken(message: Message): string {
  if (message.body) return message.body.replace(/\s+/g, " ");
  const [file] = message.attachments ?? [];
  return file ? vscode.l10n.t("shared {0}", isolated(file.name)) : vscode.l10n.t("sent a message");
}

/** Without what VS Code's notifications read as links: `[words](address)`. */
function plain(text: string): string {
  return text.replace(/\]\(/g, "] (");
}
