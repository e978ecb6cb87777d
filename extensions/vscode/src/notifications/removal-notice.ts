import * as vscode from "vscode";
import type { ChatClient } from "../../../../static/chat/client.js";
import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Chat } from "../chat/chat.js";
import { spokenName } from "../../../../static/chat/client/people/names.js";
import type { ChatView } from "../view/chat-view.js";
import type { FrontWindow } from "./front-window.js";
import { plain } from "../rooms/plain.js";

/**
 * Notifies the person which room they were removed from, and by whom: in one window. If the chat is
 * visible, its page does that.
 */
export class RemovalNotice implements vscode.Disposable {
  readonly #switched: vscode.Disposable;

  constructor(
    chat: Chat,
    private readonly view: ChatView,
    private readonly front: FrontWindow,
  ) {
    this.#switched = chat.onDidSwitch((connected) => connected && this.#follow(connected.client));
  }

  dispose(): void {
    this.#switched.dispose();
  }

  #follow(client: ChatClient): void {
    const told = new Map<string, string>();
    client.addEventListener("removed", (event) => {
      const removal = event.detail;
      const id = `removed ${removal.room} ${removal.position}`;
      told.set(removal.room, id);
      this.#say(id, removal.name, removal.by === null ? null : spokenName(client, removal.by));
    });
    // A person who is back may be removed once more before anything is written there.
    client.addEventListener("rooms", () => {
      for (const [room, id] of told) {
        if (client.rooms.has(room) && told.delete(room)) this.front.forget(id);
      }
    });
  }

  #say(id: string, name: string, who: string | null): void {
    if (this.view.isInSight) return this.front.note(id);
    const where = isolated(plain(name));
    const words =
      who === null
        ? vscode.l10n.t("You were removed from {0}.", where)
        : vscode.l10n.t("{0} removed you from {1}.", isolated(plain(who)), where);
    void this.front.tell(id, () => void vscode.window.showInformationMessage(words));
  }
}
