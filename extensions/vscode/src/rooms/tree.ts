import * as vscode from "vscode";
import type { Room } from "../../../../static/chat/protocol.js";
import type { Chat, Connected } from "../chat/chat.js";
import { partner, spokenTitle, unread } from "../../../../static/chat/page/lib/rooms.js";
import { awayWords, SHORT_BREAK_MS } from "./away.js";
import { inTree, roomIcon } from "./pick.js";
import type { NotificationSettings } from "./notification-settings.js";
import { areBadgesShown, unreadUri } from "./unread-badges.js";

const PAUSE_MS = 50;
/** What a click on a row does; not in the palette, where there are no rows. */
const CHOOSE_ROW = "mediaChat.rooms.choose";

/** The parts of the chat's page that the tree needs. */
interface Page {
  /** Whether the page is visible, and itself explains why the chat is interrupted. */
  readonly isDrawn: boolean;
  /** The id of the room that it shows, wherever that was opened. */
  readonly roomShown: string | null;
  /** Either may have changed. */
  readonly onDidChange: vscode.Event<void>;
}

/** The rooms as a tree, with the number of unread messages on the icon, from the editor's start. */
export class RoomsTree implements vscode.TreeDataProvider<Room>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: vscode.TreeView<Room>;
  readonly #disposables: vscode.Disposable[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Since the connection broke. */
  #break: ReturnType<typeof setTimeout> | undefined;
  #brokeAt = 0;
  /** The room of the row that was chosen last because the page showed it. */
  #followed: string | null = null;
  /** The room whose row was chosen last; the tree's own `selection` is empty while rows are drawn. */
  #chosen: string | null = null;
  /** The rooms in the tree. */
  #rows = new Set<string>();

  constructor(
    private readonly chat: Chat,
    private readonly notificationSettings: NotificationSettings,
    private readonly page: Page,
  ) {
    this.#view = vscode.window.createTreeView("mediaChat.rooms", { treeDataProvider: this });
    this.#disposables = [
      this.#view,
      this.#changed,
      chat.onDidChange(() => this.#later()),
      notificationSettings.onDidChange(() => this.#later()),
      page.onDidChange(() => this.#later()),
      this.#view.onDidChangeVisibility(() => this.#later()),
      vscode.commands.registerCommand(CHOOSE_ROW, (room: Room) => {
        this.#chosen = room.id;
        return vscode.commands.executeCommand("mediaChat.openRoom", room);
      }),
      vscode.workspace.onDidChangeConfiguration(
        (event) => event.affectsConfiguration("explorer.decorations") && this.#later(),
      ),
    ];
    this.#later();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#break);
    for (const each of this.#disposables) each.dispose();
  }

  getChildren(parent?: Room): Room[] {
    if (parent) return [];
    const rooms = inTree(this.chat);
    const before = this.#rows;
    this.#rows = new Set(rooms.map(({ id }) => id));
    if (this.#chosen && !this.#rows.has(this.#chosen)) this.#chosen = null;
    const { roomShown } = this.page;
    // Its row may be followed now.
    if (roomShown && this.#rows.has(roomShown) && !before.has(roomShown)) this.#later();
    return rooms;
  }

  /** Needed by `reveal`: every room is at the root. */
  getParent(): undefined {
    return undefined;
  }

  getTreeItem(room: Room): vscode.TreeItem {
    const client = this.chat.connected?.client;
    const title = client ? spokenTitle(client, room) : room.name;
    const count = unread(room);
    const muted = this.notificationSettings.isMuted(room.id);
    const item = new vscode.TreeItem(title);
    const here = client && room.kind === "direct" && client.online.has(partner(client, room) ?? "");
    item.id = room.id;
    // At the end of its row, where a long name does not push it out.
    if (count > 0) item.resourceUri = unreadUri(count, muted);
    const notes = [muted ? vscode.l10n.t("muted") : "", here ? vscode.l10n.t("here") : ""].filter(
      Boolean,
    );
    item.description = [...(count > 0 && !areBadgesShown() ? [String(count)] : []), ...notes].join(
      " · ",
    );
    item.iconPath = new vscode.ThemeIcon(
      muted ? "bell-slash" : roomIcon(room),
      here ? new vscode.ThemeColor("testing.iconPassed") : undefined,
    );
    item.contextValue = `room ${count > 0 ? "unread" : "read"} ${muted ? "muted" : "loud"}`;
    item.tooltip = [
      count > 0 ? vscode.l10n.t("{0}: {1} unread", title, count) : title,
      ...notes,
    ].join(", ");
    // It stands for all of the row, of which neither the badge nor the icon is read out.
    item.accessibilityInformation = { label: item.tooltip };
    item.command = { command: CHOOSE_ROW, title: vscode.l10n.t("Open Room"), arguments: [room] };
    return item;
  }

  /** A line above the rooms, as long as something keeps the chat from going on and the page does not say so. */
  #sayAway(): void {
    const { connected } = this.chat;
    const words = (connected && wordsAbove(connected)) ?? undefined;
    if (words === undefined) {
      clearTimeout(this.#break);
      this.#break = undefined;
      this.#view.message = undefined;
    } else if (this.#break === undefined) {
      this.#break = setTimeout(() => this.#later(), SHORT_BREAK_MS);
      this.#brokeAt = performance.now();
    } else if (performance.now() - this.#brokeAt >= SHORT_BREAK_MS) {
      this.#view.message = this.page.isDrawn ? undefined : words;
    }
  }

  /**
   * Chooses the row of the room that the page shows, also where a chord or a notification opened that.
   *
   * `reveal` brings up a tree that is hidden, and takes its time while rows are drawn: somebody who goes
   * to the Explorer meanwhile would be brought back. So it is asked for only where another row is chosen,
   * and not while the rows are drawn.
   */
  #follow(): void {
    const { roomShown } = this.page;
    if (roomShown === this.#followed || !this.#view.visible) return;
    const room = this.chat.rooms.find(({ id }) => id === roomShown);
    if (room && !this.#rows.has(room.id)) return;
    this.#followed = roomShown;
    if (!room || this.#chosen === room.id) return;
    this.#chosen = room.id;
    // A tree that is hidden meanwhile follows when it is seen again.
    this.#view
      .reveal(room, { focus: false })
      .then(undefined, () => (this.#followed = this.#chosen = null));
  }

  // A burst of messages causes one redraw.
  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#follow();
      this.#changed.fire();
      this.#sayAway();
      const value = this.unread;
      this.#view.badge =
        value > 0
          ? { value, tooltip: vscode.l10n.t("{0} unread in Media Chat", value) }
          : undefined;
    }, PAUSE_MS);
  }

  /** The number of unread messages, without those of muted rooms. */
  get unread(): number {
    return this.chat.rooms
      .filter(({ id, put_away }) => !put_away && !this.notificationSettings.isMuted(id))
      .reduce((sum, room) => sum + unread(room), 0);
  }
}

/** Why the chat is interrupted, and how many messages wait to be sent. */
function wordsAbove(connected: Connected): string | null {
  const away = awayWords(connected);
  const waiting = connected.client.unsent.length;
  if (!away || waiting === 0) return away;
  return `${away} ${waiting === 1 ? vscode.l10n.t("1 message waits.") : vscode.l10n.t("{0} messages wait.", waiting)}`;
}
