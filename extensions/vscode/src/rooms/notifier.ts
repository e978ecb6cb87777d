import * as vscode from "vscode";
import type { ChatClient } from "../../../../static/chat/client.js";
import { excerpt } from "../../../../static/chat/excerpt.js";
import { isolated } from "../../../../static/chat/names.js";
import type { Message, Room } from "../../../../static/chat/protocol.js";
import type { Chat } from "../chat/chat.js";
import { displayName, roomTitle } from "../chat/naming.js";
import type { ChatView } from "../view/chat-view.js";
import type { FrontWindow } from "./front-window.js";
import { plain } from "./plain.js";
import type { Quiet } from "./quiet.js";

const WORDS_LIMIT = 140;

/** Calls for mentions and direct messages, and for nothing else: in one window, each once. */
export class Notifier implements vscode.Disposable {
  readonly #mentions: vscode.Disposable;

  constructor(
    private readonly chat: Chat,
    private readonly view: ChatView,
    private readonly quiet: Quiet,
    private readonly front: FrontWindow,
  ) {
    this.#mentions = chat.onDidMention(({ room, message }) => void this.#called(room, message));
  }

  dispose(): void {
    this.#mentions.dispose();
  }

  async #called(room: Room, message: Message): Promise<void> {
    const client = this.chat.connected?.client;
    const wanted = vscode.workspace.getConfiguration("mediaChat").get("notifications", true);
    if (!client || !wanted || this.quiet.doNotDisturb || this.quiet.isMuted(room.id)) return;
    if (this.view.roomInSight === room.id) this.front.note(message.id);
    else if (await this.front.isMine(message.id)) await this.#call(client, room, message);
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

function spoken(message: Message): string {
  const words = excerpt(message.html);
  if (words) return words;
  const [file] = message.attachments ?? [];
  return file ? vscode.l10n.t("shared {0}", isolated(file.name)) : vscode.l10n.t("sent a message");
}
