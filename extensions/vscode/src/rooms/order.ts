import type { Room } from "../../../../static/chat/protocol.js";

/** How many rooms count as recent. */
const RECENT = 5;

/** Which part of the list of rooms to choose from. */
export type Part = "in sight" | "recent" | "unread" | "others";

/**
 * Sorts rooms to choose one from: the room in sight, then those that the person turned to last, then
 * unread ones, then the others. Each is named once, and a part without rooms is left out.
 * @param rooms by name
 * @param recent ids, the one of last first
 */
export function inParts(
  rooms: readonly Room[],
  {
    inSight,
    recent,
    isUnread,
  }: { inSight: string | null; recent: readonly string[]; isUnread: (room: Room) => boolean },
): [Part, Room[]][] {
  const known = new Map(rooms.map((room) => [room.id, room]));
  const first = rooms.filter(({ id }) => id === inSight);
  const last = recent.flatMap((id) => (id !== inSight && known.get(id)) || []).slice(0, RECENT);
  const rest = rooms.filter((room) => !first.includes(room) && !last.includes(room));
  const parts: [Part, Room[]][] = [
    ["in sight", first],
    ["recent", last],
    ["unread", rest.filter(isUnread)],
    ["others", rest.filter((room) => !isUnread(room))],
  ];
  return parts.filter(([, some]) => some.length > 0);
}

/**
 * The next matching room after the current one, wrapping around; the current one comes last.
 * @param rooms in the order of the tree
 * @param current its id, if there is one
 */
export function nextOf(
  rooms: readonly Room[],
  current: string | null,
  isMeant: (room: Room) => boolean,
): Room | undefined {
  const after = rooms.findIndex(({ id }) => id === current) + 1;
  return [...rooms.slice(after), ...rooms.slice(0, after)].find(isMeant);
}
