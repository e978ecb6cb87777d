import * as vscode from "vscode";
import type { Chat, Connected } from "../chat/chat.js";
import type { ChatView } from "../view/chat-view.js";
import type { FrontWindow } from "./front-window.js";

/** The history id that the person knows of, by the server's origin. */
const EPOCH = "mediaChat.epoch";

/**
 * Announces that the server was restored from a backup: once for each restore, in one window, even
 * if no window was open at the time. If the chat is visible, its page does that instead.
 */
export class RestoreNotice implements vscode.Disposable {
  readonly #switched: vscode.Disposable;

  constructor(
    chat: Chat,
    private readonly view: ChatView,
    private readonly front: FrontWindow,
    private readonly state: vscode.Memento,
  ) {
    this.#switched = chat.onDidSwitch((connected) => connected && this.#follow(connected));
  }

  dispose(): void {
    this.#switched.dispose();
  }

  #follow({ client, server }: Connected): void {
    let pageKnows = false;
    // Every `ready` event lists the rooms.
    client.addEventListener("rooms", () => {
      const { epoch } = client;
      if (epoch === null) return;
      const key = `${EPOCH}:${server.address}`;
      const known = this.state.get<string>(key);
      const keep = () => void this.state.update(key, epoch);
      if (known === undefined) keep();
      else if (known !== epoch) this.#say(epoch, server.url.host, pageKnows, keep);
      // Everything that the window shows from now on belongs to this history, and the next one will
      // differ.
      pageKnows = true;
    });
  }

  #say(epoch: string, host: string, pageKnows: boolean, keep: () => void): void {
    void this.front.tell(`epoch ${epoch}`, () => {
      keep();
      if (!pageKnows || !this.view.isInSight) void this.#show(host);
    });
  }

  async #show(host: string): Promise<void> {
    const open = vscode.l10n.t("Open");
    const chosen = await vscode.window.showInformationMessage(
      vscode.l10n.t(
        "The history of {0} was restored from a backup. Messages that were written after that backup are gone. What you had not sent is kept and sent.",
        host,
      ),
      open,
    );
    if (chosen === open) await this.view.show();
  }
}
