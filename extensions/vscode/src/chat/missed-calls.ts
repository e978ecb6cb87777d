import type { ChatClient } from "../../../../static/chat/client.js";
import type { Message, Room } from "../../../../static/chat/protocol.js";

/** How old a message may be to call still, in milliseconds: a window takes so long to start at most. */
const RECENT_MS = 120_000;
/** In how many rooms it is looked for. */
const ROOMS_LIMIT = 10;
/** How many messages are asked for at once: most rooms have few that are unread. */
const PAGE = 50;
/** Among how many messages of a room calls are looked for: all of them are asked for. */
const MESSAGES_LIMIT = 1_000;

/** Messages of one room for one person, oldest first: they name them, or the room is direct. */
export interface Call {
  room: Room;
  messages: readonly Message[];
}

/**
 * The messages that would have called a person, had this client been connected when they were
 * written, as while the window was reloaded: the oldest first. Those of long ago call nobody; they
 * are unread, which can be seen.
 * @param client that has just been greeted for the first time
 */
export async function missedCalls(client: ChatClient): Promise<Call[]> {
  const since = Date.now() - RECENT_MS; // eslint-disable-line no-restricted-properties -- beside the server's time of day
  const unread = [...client.rooms.values()].filter((room) => room.role !== null && room.unread > 0);
  const directFirst = unread.sort(
    (one, other) => Number(other.kind === "direct") - Number(one.kind === "direct"),
  );
  const asked = directFirst.slice(0, ROOMS_LIMIT).map((room) => callsIn(client, room, { since }));
  // A room that cannot be read any more calls nobody.
  const answers = await Promise.allSettled(asked);
  const calls = answers.flatMap((answer) =>
    answer.status === "fulfilled" && answer.value ? [answer.value] : [],
  );
  return calls.sort((one, other) => writtenAt(one.messages[0]) - writtenAt(other.messages[0]));
}

/**
 * The same for one room of which the client missed so much that it was not told.
 * @param after the number of the newest message that it was told before
 * @returns null where nothing calls
 */
export async function callsSkipped(
  client: ChatClient,
  roomId: string,
  after: number,
): Promise<Call | null> {
  const room = client.rooms.get(roomId);
  return room ? callsIn(client, room, { after }) : null;
}

async function callsIn(
  client: ChatClient,
  room: Room,
  { since = 0, after = 0 },
): Promise<Call | null> {
  const isNew = (message: Message) =>
    message.number > Math.max(room.read, after) && writtenAt(message) > since;
  const isCall = (message: Message) =>
    message.sender !== client.username &&
    !message.deleted &&
    !client.blocked.has(message.sender) &&
    (room.kind === "direct" || message.mentions.includes(client.username));
  let found: Message[] = [];
  let hasMore = true;
  while (hasMore && found.length < MESSAGES_LIMIT) {
    const before = found[0]?.number;
    const { messages, more } = await client.read({
      type: "history",
      room: room.id,
      limit: PAGE,
      ...(before && { before }),
    });
    found = [...messages.filter(isNew), ...found];
    hasMore = more && messages.length > 0 && messages.every(isNew);
  }
  const calls = found.filter(isCall);
  return calls.length > 0 ? { room, messages: calls } : null;
}

const writtenAt = (message?: Message) => Date.parse(message?.created_at ?? "");
