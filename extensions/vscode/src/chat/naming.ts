import type { ChatClient } from "../../../../static/chat/client.js";
import { isolated, spokenName } from "../../../../static/chat/client/people/names.js";
import type { Room } from "../../../../static/chat/protocol.js";

/** The other person of a direct room. */
export function partner(client: ChatClient, room: Room): string | null {
  if (room.kind !== "direct") return null;
  const other = room.members?.find((name) => name !== client.username);
  // Who has been asked is no member yet.
  return other ?? room.asked?.[0] ?? room.members?.[0] ?? null;
}

/** For labels and sentences, which the name does not turn around. */
export const displayName = (client: ChatClient, username: string): string =>
  spokenName(client, username);

export function roomTitle(client: ChatClient, room: Room): string {
  const other = partner(client, room);
  return other ? displayName(client, other) : isolated(room.name);
}

export function unread(room: Room): number {
  return room.role ? room.unread : 0;
}

/** Rooms as lists show them: people and rooms by name, so that nothing moves under the pointer. */
export function sorted(client: ChatClient, rooms: Iterable<Room>): Room[] {
  return [...rooms].sort((a, b) => roomTitle(client, a).localeCompare(roomTitle(client, b)));
}
