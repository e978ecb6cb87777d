import * as vscode from "vscode";
import { canWrite } from "../../../../static/chat/page/rooms.js";
import type { Room } from "../../../../static/chat/protocol.js";
import type { Chat } from "../chat/chat.js";
import { roomTitle, sorted, unread } from "../chat/naming.js";

/** Asks for one of the person's rooms. */
export async function pickRoom(
  chat: Chat,
  title: string,
  wanted: (room: Room) => boolean = () => true,
): Promise<Room | undefined> {
  const client = chat.connected?.client;
  if (!client) return undefined;
  const rooms = sorted(client, chat.rooms.filter(wanted));
  if (rooms.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("There is no such room. Start a chat in the Media Chat view first."),
    );
    return undefined;
  }
  const items = rooms.map((room) => ({
    label: `$(${roomIcon(room)}) ${roomTitle(client, room)}`,
    description: unread(room) > 0 ? vscode.l10n.t("{0} unread", unread(room)) : "",
    room,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  return chosen?.room;
}

/** Which rooms take what this person writes. */
export const takesMessages = (chat: Chat) => (room: Room) =>
  chat.connected !== null && canWrite(chat.connected.client, room);

export function roomIcon(room: Room): string {
  if (room.kind === "direct") return "account";
  return room.kind === "private" ? "lock" : "comment-discussion";
}
