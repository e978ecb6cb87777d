import * as vscode from "vscode";
import type { Room } from "../../../static/chat/protocol.js";
import type { Accounts } from "./account/account.js";
import { askToSignIn, signInWithBrowser, type NewAccount } from "./account/ask-to-sign-in.js";
import type { BrowserSignIn } from "./account/browser.js";
import {
  askedServerInSight,
  rememberServerAddress,
  serverAddress,
} from "./account/server-address.js";
import type { Chat } from "./chat/chat.js";
import { spokenTitle, unread } from "../../../static/chat/page/lib/rooms.js";
import { shareSelection } from "./code/share.js";
import { shareFiles } from "./files/share.js";
import { filesMeant } from "./files/shared-file.js";
import { nextOf } from "./rooms/order.js";
import { inTree, pickRoom } from "./rooms/pick.js";
import { withoutIcons } from "./rooms/plain.js";
import type { NotificationSettings } from "./rooms/notification-settings.js";
import { readAddress } from "./server/address.js";
import { Problem } from "./server/problem.js";
import { Server } from "./server/server.js";
import type { ChatView } from "./view/chat-view.js";

interface Services {
  accounts: Accounts;
  browser: BrowserSignIn;
  chat: Chat;
  notificationSettings: NotificationSettings;
  view: ChatView;
  log: vscode.LogOutputChannel;
}

/** All commands of the palette, menus and the tree. */
export function registerCommands(context: vscode.ExtensionContext, services: Services): void {
  const { accounts, browser, chat, notificationSettings, view, log } = services;
  const { l10n, window } = vscode;

  const welcome = async (account: NewAccount | undefined) => {
    if (!account) return;
    await accounts.keep(account.server, account.signedIn);
    await view.show();
  };
  /** Chords work everywhere: when nobody is signed in, they open the sign-in form. */
  const signedIn =
    <Given extends unknown[]>(run: (...given: Given) => unknown) =>
    (...given: Given) =>
      chat.connected ? run(...given) : view.show({ type: "write" });
  const commands: Record<string, (...args: never[]) => unknown> = {
    signIn: async () => welcome(await askToSignIn(browser)),
    signInWithBrowser: async () => welcome(await signInWithBrowser(browser)),
    signOut: () => accounts.signOut(),
    setServer: async () => {
      const address = await window.showInputBox({
        title: l10n.t("Where is your Media Chat server?"),
        value: serverAddress() || "https://",
        ignoreFocusOut: true,
        validateInput: (value) => {
          try {
            readAddress(value);
            return undefined;
          } catch (error) {
            return (error as Error).message;
          }
        },
      });
      if (!address) return;
      const server = await askedServerInSight(address).catch((error: unknown) =>
        awayNow(address, error),
      );
      if (!server) return;
      // Another server means another account: the token stays with its own server.
      if (chat.connected && chat.connected.server.address !== server.address)
        await accounts.signOut();
      await rememberServerAddress(server);
      await view.show();
    },
    startChat: () => view.show(chat.connected ? { type: "start-chat" } : undefined),
    openRoom: signedIn(async (given?: Pick<Room, "id">) => {
      const room = given ?? (await pickRoom(chat, l10n.t("Open which room?")));
      if (room) await view.show({ type: "open-room", room: room.id });
    }),
    nextUnread: signedIn(() => {
      // Neither the room in sight nor what the badge does not count is looked for; the room of a hidden chat is.
      const inSight = chat.recent.inSight();
      const isMeant = (room: Room) =>
        unread(room) > 0 && room.id !== inSight && !notificationSettings.isMuted(room.id);
      const next = nextOf(inTree(chat), view.roomShown, isMeant);
      if (next) return view.show({ type: "open-room", room: next.id });
      return void window.showInformationMessage(l10n.t("Nothing else is unread in Media Chat."));
    }),
    focusChat: () => view.show({ type: "write" }),
    changeName: () => view.show({ type: "show", dialog: "profile" }),
    showBlocked: () => view.show({ type: "show", dialog: "blocked" }),
    showShortcuts: () => view.show({ type: "show", dialog: "shortcuts" }),
    markRoomRead: async (given?: Room) => {
      const room =
        given ??
        (await pickRoom(chat, l10n.t("Mark which room as read?"), (each) => unread(each) > 0));
      if (room)
        chat.connected?.client.markRead(
          room.id,
          chat.connected.client.rooms.get(room.id)?.number ?? 0,
        );
    },
    muteRoom: async (given?: Pick<Room, "id">) => {
      const { id } =
        given ??
        (await pickRoom(
          chat,
          l10n.t("Mute which room?"),
          (room) => !notificationSettings.isMuted(room.id),
        )) ??
        {};
      const client = chat.connected?.client;
      const room = client?.rooms.get(id ?? "");
      if (!client || !room) return;
      await notificationSettings.mute(room.id, true);
      window.setStatusBarMessage(
        l10n.t("{0} is muted.", withoutIcons(spokenTitle(client, room))),
        4000,
      );
    },
    unmuteRoom: async (given?: Room) => {
      const room =
        given ??
        (await pickRoom(chat, l10n.t("Unmute which room?"), ({ id }) =>
          notificationSettings.isMuted(id),
        ));
      if (room) await notificationSettings.mute(room.id, false);
    },
    doNotDisturb: () => notificationSettings.setDoNotDisturb(true),
    disturb: () => notificationSettings.setDoNotDisturb(false),
    shareSelection: signedIn(() => {
      if (window.activeTextEditor) return shareSelection(chat);
      return void window.showInformationMessage(l10n.t("Select the lines to share first."));
    }),
    shareFile: (clicked?: vscode.Uri, selected?: vscode.Uri[]) => {
      const files = filesMeant(clicked, Array.isArray(selected) ? selected : undefined);
      if (files.length > 0) return shareFiles(chat, files);
      return void window.showInformationMessage(
        l10n.t("Open the file to share, or choose it in the Explorer."),
      );
    },
    reconnect: () => {
      chat.connected?.client.connect().catch(() => {});
      chat.connected?.client.tryNow();
    },
    openInBrowser: () => {
      const server = chat.connected?.server ?? Server.at(serverAddress());
      return vscode.env.openExternal(vscode.Uri.parse(server.address));
    },
    showLog: () => log.show(),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`mediaChat.${name}`, guarded(run)));
  }
}

/** An unreachable server may still be the right one; one that answers wrongly is not. */
function awayNow(address: string, error: unknown): Server {
  const isAway =
    error instanceof Problem && (error.code === "unreachable" || error.code === "server_error");
  if (!isAway || readAddress(address).bases.length > 0) throw error;
  void vscode.window.showWarningMessage(error.message);
  return Server.at(address);
}

/** Errors are shown as a sentence, not as a stack trace. */
function guarded(run: (...args: never[]) => unknown): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    try {
      await run(...(args as never[]));
    } catch (error) {
      if (error instanceof vscode.CancellationError) return;
      void vscode.window.showErrorMessage((error as Error).message);
    }
  };
}
