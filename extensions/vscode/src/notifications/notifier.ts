import * as vscode from "vscode";
import type { ChatClient } from "../../../../static/chat/client.js";
import { excerpt } from "../../../../static/chat/client/lib/excerpt.js";
import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Message } from "../../../../static/chat/protocol.js";
import type { Chat } from "../chat/chat.js";
import type { Call } from "../chat/missed-calls.js";
import { spokenName } from "../../../../static/chat/client/people/names.js";
import { spokenTitle } from "../../../../static/chat/page/lib/rooms.js";
import type { ChatView } from "../view/chat-view.js";
import { CallNotification } from "./call-notification.js";
import type { FrontWindow } from "./front-window.js";
import { JoinedCalls } from "./joined-calls.js";
import { plain } from "../rooms/plain.js";
import type { NotificationSettings } from "../rooms/notification-settings.js";

const WORDS_LIMIT = 140;
/** Messages that arrive together, as after a time offline, are shown together, in milliseconds. */
const GATHERED_MS = 150;

/**
 * Shows notifications for mentions and direct messages only: in one window, with one notification
 * per room, which disappears when the room is read.
 */
export class Notifier implements vscode.Disposable {
  #calls = new JoinedCalls();
  /** The notifications in this window, by room. */
  readonly #shown = new Map<string, CallNotification>();
  readonly #soon = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #disposables: vscode.Disposable[];

  constructor(
    private readonly chat: Chat,
    private readonly view: ChatView,
    private readonly notificationSettings: NotificationSettings,
    private readonly front: FrontWindow,
  ) {
    this.#disposables = [
      chat.onDidCall((call) => void this.#called(call)),
      chat.onDidChangeMessage(
        (message) => this.#calls.change(message) && this.#redraw(message.room),
      ),
      chat.onDidChange(() => this.#settle()),
      notificationSettings.onDidChange(() => this.#settle()),
      // The next person gets no notifications for messages to this one.
      chat.onDidSwitch(() => this.#takeAllAway()),
    ];
  }

  dispose(): void {
    this.#takeAllAway();
    for (const each of this.#disposables) each.dispose();
  }

  async #called({ room, messages }: Call): Promise<void> {
    const client = this.chat.connected?.client;
    const wanted = vscode.workspace.getConfiguration("mediaChat").get("notifications", true);
    const newest = messages.at(-1);
    if (!client || !newest || !wanted || this.#isQuiet(room.id)) return;
    if (this.view.roomInSight === room.id) return this.front.note(newest.id);
    for (const message of messages) this.#calls.add(room, message);
    // Messages that were missed together are shown once.
    const isHere = await this.front.tell(newest.id, () => this.#showSoon(room.id));
    // If another window notifies, it includes everything that was grouped here.
    if (!isHere && client === this.chat.connected?.client) this.#takeAway(room.id);
  }

  #isQuiet(roomId: string): boolean {
    return this.notificationSettings.doNotDisturb || this.notificationSettings.isMuted(roomId);
  }

  /** Removes notifications of messages that were read on any device, and of muted rooms. */
  #settle(): void {
    const client = this.chat.connected?.client;
    if (!client) return;
    const isWanted = ({ sender }: Message, roomId: string) =>
      !this.#isQuiet(roomId) && !client.blocked.has(sender);
    for (const roomId of this.#calls.settle(client.rooms, isWanted)) this.#redraw(roomId);
  }

  /** A room's notification was shortened or edited: that is no new one. */
  #redraw(roomId: string): void {
    const client = this.chat.connected?.client;
    const call = this.#calls.in(roomId);
    if (client && call) this.#shown.get(roomId)?.say(sentence(client, call));
    else this.#takeAway(roomId);
  }

  #showSoon(roomId: string): void {
    clearTimeout(this.#soon.get(roomId));
    this.#soon.set(
      roomId,
      setTimeout(() => this.#show(roomId), GATHERED_MS),
    );
  }

  #show(roomId: string): void {
    const client = this.chat.connected?.client;
    this.#settle();
    this.#takeAway(roomId);
    const call = this.#calls.in(roomId);
    if (!client || !call) return;
    const links = [
      { title: vscode.l10n.t("Open"), command: "mediaChat.openRoom", argument: { id: roomId } },
      {
        title: vscode.l10n.t("Mute Room"),
        command: "mediaChat.muteRoom",
        argument: { id: roomId },
      },
    ];
    const closed = () => {
      this.#calls.drop(roomId);
      this.#takeAway(roomId);
    };
    this.#shown.set(roomId, new CallNotification(sentence(client, call), links, closed));
  }

  #takeAway(roomId: string): void {
    clearTimeout(this.#soon.get(roomId));
    this.#soon.delete(roomId);
    this.#shown.get(roomId)?.close();
    this.#shown.delete(roomId);
  }

  #takeAllAway(): void {
    this.#calls = new JoinedCalls();
    for (const roomId of [...this.#soon.keys(), ...this.#shown.keys()]) this.#takeAway(roomId);
  }
}

/** Who wrote, where, how many messages, and the last one. Message text never becomes a link. */
function sentence(client: ChatClient, { room, messages }: Call): string {
  const last = messages.at(-1) as Message;
  const words = isolated(plain(spoken(last)).slice(0, WORDS_LIMIT));
  const sender = spokenName(client, last.sender);
  if (messages.length > 1) {
    const where = plain(room.kind === "direct" ? sender : spokenTitle(client, room));
    return vscode.l10n.t("{0}: {1} messages. {2}", where, messages.length, words);
  }
  const where =
    room.kind === "direct"
      ? sender
      : vscode.l10n.t("{0} in {1}", sender, spokenTitle(client, room));
  return `${plain(where)}: ${words}`;
}

function spoken(message: Message): string {
  const words = excerpt(message.html);
  if (words) return words;
  const [file] = message.attachments ?? [];
  return file ? vscode.l10n.t("shared {0}", isolated(file.name)) : vscode.l10n.t("sent a message");
}
