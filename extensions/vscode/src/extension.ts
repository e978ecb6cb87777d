import * as vscode from "vscode";
import { Accounts } from "./account/account.js";
import { askToSignIn } from "./account/ask-to-sign-in.js";
import { BrowserSignIn } from "./account/browser.js";
import { SignInForm } from "./view/sign-in-form.js";
import { Chat } from "./chat/chat.js";
import { EditorStorage } from "./chat/editor-storage.js";
import { OutboxFolder } from "./chat/outbox-folder.js";
import { CodeLocator } from "./code/code-locator.js";
import { registerCommands } from "./commands.js";
import { Files } from "./files/files.js";
import { FolderLocks } from "./files/folder-locks.js";
import { FolderFiles } from "./files/kept-files.js";
import { FolderValues } from "./platform/folder-values.js";
import { EditorFolder } from "./platform/folder.js";
import { FrontWindow } from "./notifications/front-window.js";
import { Notifier } from "./notifications/notifier.js";
import { NotificationSettings } from "./rooms/notification-settings.js";
import { RecentRooms } from "./chat/recent.js";
import { RemovalNotice } from "./notifications/removal-notice.js";
import { RestoreNotice } from "./notifications/restore-notice.js";
import { StatusBar } from "./rooms/status-bar.js";
import { RoomsTree } from "./rooms/tree.js";
import { UnreadBadges } from "./rooms/unread-badges.js";
import { ChatView } from "./view/chat-view.js";
import { tickWalkthrough } from "./walkthrough.js";

/** Callbacks to run before this host ends. */
let end: () => Promise<unknown> = () => Promise.resolve();

/** Leaves unsent messages to the other windows, and to the next start. */
export async function deactivate(): Promise<void> {
  await end();
}

/** Starts with the editor without questions or windows: a signed-in person is connected. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Media Chat", { log: true });
  const accounts = new Accounts(context.secrets, log);
  const browser = new BrowserSignIn(context.extension.id);
  accounts.askBy(() => askToSignIn(browser));
  const folder = (name: string) =>
    new EditorFolder(vscode.Uri.joinPath(context.globalStorageUri, name));
  const outbox = new OutboxFolder(folder("outbox"), (words) =>
    log.warn(`Unsent messages: ${words}`),
  );
  const storage = new EditorStorage(outbox, context.workspaceState);
  // eslint-disable-next-line no-restricted-properties -- the age of a file in days
  const files = new FolderFiles(folder("files"), () => Date.now());
  // Who uploads after another window knows what that one has done.
  const locks = new FolderLocks(folder("locks"), {
    entered: () => outbox.look(),
    leaving: () => outbox.written(),
  });
  end = () => Promise.all([outbox.written(), locks.close()]);
  const chat = new Chat(
    accounts,
    storage,
    new RecentRooms(context.globalState, storage),
    { files, locks },
    log,
  );
  const notificationSettings = new NotificationSettings(
    new FolderValues(folder("quiet"), (words) => log.warn(`Muted rooms: ${words}`)),
  );
  const served = new Files(chat, accounts.known);
  const codeLocator = new CodeLocator();
  const form = new SignInForm(accounts, browser);
  const { extensionUri, globalState: state } = context;
  const view = new ChatView({
    extensionUri,
    state,
    accounts,
    chat,
    storage,
    files: served,
    codeLocator,
    form,
    log,
  });
  const tree = new RoomsTree(chat, notificationSettings, view);
  const statusBar = new StatusBar(chat, tree, notificationSettings);
  const front = new FrontWindow(state);
  const notifier = new Notifier(chat, view, notificationSettings, front);
  const removals = new RemovalNotice(chat, view, front);
  const restores = new RestoreNotice(chat, view, front, state);
  context.subscriptions.push(
    log,
    accounts,
    browser,
    chat,
    notificationSettings,
    served,
    codeLocator,
    view,
    tree,
    statusBar,
  );
  context.subscriptions.push({ dispose: () => outbox.close() });
  context.subscriptions.push(front, notifier, removals, restores);
  context.subscriptions.push(vscode.window.registerFileDecorationProvider(new UnreadBadges()));
  context.subscriptions.push(tickWalkthrough(chat));
  registerCommands(context, { accounts, browser, chat, notificationSettings, view, log });
  tellContext(chat);
  chat.onDidChange(() => tellContext(chat));
  // A person who signs in finds their unsent messages, and no notifications of muted rooms.
  const opened = Promise.all([
    outbox.open().then(() => storage.moveFrom(state)),
    notificationSettings.open(state),
  ]);
  void opened.catch((error: Error) => log.warn(error.message)).then(() => accounts.load());
}

const told = new Map<string, unknown>();

/** Context keys for the `when` clauses of commands and menus, and for the walkthrough. */
function tellContext(chat: Chat): void {
  const values = {
    "mediaChat.signedIn": chat.connected !== null,
    "mediaChat.online": chat.connected?.client.state === "online",
    "mediaChat.hasRooms": chat.rooms.length > 0,
    // Not merely not known yet: a tree that comes late would push the chat down.
    "mediaChat.isRoomless": Boolean(chat.connected?.client.me) && chat.rooms.length === 0,
    // The person has hidden all of them.
    "mediaChat.isListEmpty": chat.rooms.length > 0 && chat.rooms.every(({ put_away }) => put_away),
  };
  for (const [name, value] of Object.entries(values)) {
    if (told.get(name) === value) continue;
    told.set(name, value);
    void vscode.commands.executeCommand("setContext", name, value);
  }
}
