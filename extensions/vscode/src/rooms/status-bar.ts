import * as vscode from "vscode";
import type { Chat } from "../chat/chat.js";
import { awayWords } from "./away.js";
import type { NotificationSettings } from "./notification-settings.js";
import type { RoomsTree } from "./tree.js";

/** One item: the state of the connection, and the number of unread messages. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem(
    "mediaChat.status",
    vscode.StatusBarAlignment.Right,
    90,
  );
  readonly #disposables: vscode.Disposable[];

  constructor(
    private readonly chat: Chat,
    private readonly tree: RoomsTree,
    private readonly notificationSettings: NotificationSettings,
  ) {
    this.#item.name = "Media Chat";
    this.#disposables = [
      this.#item,
      chat.onDidChange(() => this.#draw()),
      notificationSettings.onDidChange(() => this.#draw()),
    ];
    this.#draw();
    this.#item.show();
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  #draw(): void {
    const { l10n } = vscode;
    const connected = this.chat.connected;
    this.#item.command = "mediaChat.chat.focus";
    if (!connected) {
      this.#set("$(sign-in) Media Chat", l10n.t("Sign in to Media Chat"));
      return;
    }
    const { client, account } = connected;
    const away = awayWords(connected);
    if (client.state === "banned") {
      this.#set("$(error) Media Chat", away ?? "");
    } else if (away) {
      this.#item.command = "mediaChat.reconnect";
      const icon = client.state === "online" ? "warning" : "debug-disconnect";
      this.#set(`$(${icon}) Media Chat`, `${away} ${l10n.t("Select to try now.")}`);
    } else {
      const count = this.tree.unread;
      const icon = this.notificationSettings.doNotDisturb ? "bell-slash" : "comment-discussion";
      const words =
        count > 0
          ? l10n.t("{0} unread in Media Chat", count)
          : l10n.t("Nothing unread in Media Chat");
      this.#set(
        `$(${icon}) ${count > 99 ? "99+" : count || ""}`.trim(),
        `${words} · ${account.user.username}`,
      );
    }
  }

  #set(text: string, tooltip: string): void {
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: tooltip, role: "button" };
  }
}
