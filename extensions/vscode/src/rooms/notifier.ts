import * as vscode from "vscode";
import type { Message, Room } from "../../../../static/chat/protocol.js";
import type { Chat } from "../chat/chat.js";
import { displayName, roomTitle } from "../chat/naming.js";
import type { ChatView } from "../view/chat-view.js";
import type { Quiet } from "./quiet.js";

const FRONT = "mediaChat.windowInFront";
/** A window that has not said for so long that it is there is taken to be closed. */
const GONE_AFTER_MS = 45_000;
const WORDS_LIMIT = 140;

interface Front {
  window: string;
  at: number;
}

/**
 * Calls for mentions and direct messages, and for nothing else. Of several windows the one that
 * was last in front calls: all of them hear of every message.
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
    const pulse = setInterval(() => this.#isInFront && this.#claim(), GONE_AFTER_MS / 3);
    // What several windows write is seen by all of them, the last of it in the end: so there is
    // one answer to which of them calls, whatever each believes of its focus.
    this.#disposables = [
      vscode.window.onDidChangeWindowState(({ focused }) => focused && this.#claim()),
      chat.onDidMention(({ room, message }) => void this.#called(room, message)),
      new vscode.Disposable(() => clearInterval(pulse)),
    ];
    if (vscode.window.state.focused) this.#claim();
  }

  dispose(): void {
    if (this.#isInFront) void this.state.update(FRONT, undefined);
    for (const each of this.#disposables) each.dispose();
  }

  #claim(): void {
    void this.state.update(FRONT, { window: this.#window, at: Date.now() } satisfies Front);
  }

  get #isInFront(): boolean {
    const front = this.state.get<Front>(FRONT);
    return front?.window === this.#window;
  }

  /** Whether it falls to this window: it is in front, or nobody has been for a while. */
  async #isMine(): Promise<boolean> {
    if (this.#isInFront) return true;
    const front = this.state.get<Front>(FRONT);
    if (front && Date.now() - front.at < GONE_AFTER_MS) return false;
    this.#claim();
    // Several windows may find this at once: what one of them wrote last is seen by all.
    await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 300));
    return this.state.get<Front>(FRONT)?.window === this.#window;
  }

  async #called(room: Room, message: Message): Promise<void> {
    const client = this.chat.connected?.client;
    const wanted = vscode.workspace.getConfiguration("mediaChat").get("notifications", true);
    if (!client || !wanted || this.quiet.doNotDisturb || this.quiet.isMuted(room.id)) return;
    if (this.view.roomInSight === room.id || !(await this.#isMine())) return;
    const sender = displayName(client, message.sender);
    const where = room.kind === "direct" ? sender : vscode.l10n.t("{0} in {1}", sender, roomTitle(client, room));
    const open = vscode.l10n.t("Open");
    const mute = vscode.l10n.t("Mute Room");
    // A notification's text can hold links; what strangers write must not become one.
    const words = plain(spoken(message)).slice(0, WORDS_LIMIT);
    const chosen = await vscode.window.showInformationMessage(`${plain(where)}: ${words}`, open, mute);
    if (chosen === open) await this.view.show({ type: "open-room", room: room.id });
    if (chosen === mute) await this.quiet.mute(room.id, true);
  }
}

function spoken(message: Message): string {
  if (message.body) return message.body.replace(/\s+/g, " ");
  const [file] = message.attachments ?? [];
  return file ? vscode.l10n.t("shared {0}", file.name) : vscode.l10n.t("sent a message");
}

/** Without what VS Code's notifications read as links: `[words](address)`. */
function plain(text: string): string {
  return text.replace(/\]\(/g, "] (");
}
