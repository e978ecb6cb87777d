import * as vscode from "vscode";
import type { ChatClient } from "../../../../static/chat/client.js";
import { canWrite, spokenTitle, unread } from "../../../../static/chat/page/lib/rooms.js";
import type { Room } from "../../../../static/chat/protocol.js";
import type { Chat } from "../chat/chat.js";
import { awayReason } from "./away.js";
import { inParts, type Part } from "./order.js";
import { withoutIcons } from "./plain.js";

/** Asks the person to pick one of their rooms, most likely ones first. */
export async function pickRoom(
  chat: Chat,
  title: string,
  wanted: (room: Room) => boolean = () => true,
): Promise<Room | undefined> {
  const { connected, recent } = chat;
  if (!connected) return undefined;
  const { client } = connected;
  const rooms = sorted(client, chat.rooms.filter(wanted));
  if (rooms.length === 0) {
    // The rooms are unknown before the first `ready`.
    const away = client.me ? null : awayReason(connected);
    void vscode.window.showInformationMessage(
      away
        ? vscode.l10n.t("{0} Your rooms are listed as soon as it does.", away)
        : vscode.l10n.t("There is no such room. Start a chat in the Media Chat view first."),
    );
    return undefined;
  }
  const parts = inParts(rooms, {
    inSight: recent.inSight(),
    recent: recent.ids,
    isUnread: (room) => unread(room) > 0,
  });
  const items = parts.flatMap(([part, some]) => [
    { label: partTitle(part), kind: vscode.QuickPickItemKind.Separator, room: undefined },
    ...some.map((room) => ({
      label: `$(${roomIcon(room)}) ${withoutIcons(spokenTitle(client, room))}`,
      description: unread(room) > 0 ? vscode.l10n.t("{0} unread", unread(room)) : "",
      room,
    })),
  ]);
  const chosen = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  if (chosen?.room) recent.note(chosen.room.id);
  return chosen?.room;
}

function partTitle(part: Part): string {
  const { l10n } = vscode;
  switch (part) {
    case "in sight":
      return l10n.t("In Sight");
    case "recent":
      return l10n.t("Recent");
    case "unread":
      return l10n.t("Unread");
    case "others":
      return l10n.t("Other Rooms");
  }
}

/** Rooms as lists show them: people and rooms by name, so that nothing moves under the pointer. */
function sorted(client: ChatClient, rooms: Room[]): Room[] {
  return rooms.toSorted((a, b) => spokenTitle(client, a).localeCompare(spokenTitle(client, b)));
}

/** The rooms in the order of the tree: those of many, then those of two. */
export function inTree(chat: Chat): Room[] {
  const client = chat.connected?.client;
  if (!client) return [];
  const rooms = sorted(
    client,
    chat.rooms.filter(({ put_away }) => !put_away),
  );
  return [
    ...rooms.filter(({ kind }) => kind !== "direct"),
    ...rooms.filter(({ kind }) => kind === "direct"),
  ];
}

/** The rooms in which this person can write. */
export const takesMessages = (chat: Chat) => (room: Room) =>
  chat.connected !== null && canWrite(chat.connected.client, room);

export function roomIcon(room: Room): string {
  if (room.kind === "direct") return "account";
  return room.kind === "private" ? "lock" : "comment-discussion";
}
