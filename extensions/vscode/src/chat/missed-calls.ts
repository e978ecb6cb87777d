import type { ChatClient } from "../../../../static/chat/client.js";
import type { Message, Room } from "../../../../static/chat/protocol.js";

/** How old a message may be to call still, in milliseconds: a window takes so long to start at most. */
const RECENT_MS = 120_000;
/** In how many rooms it is looked for, and among how many messages of each: all of it is asked for. */
const ROOMS_LIMIT = 10;
const MESSAGES_LIMIT = 10;

/** A message for one person: it names them, or is in a direct room. */
export interface Mention {
  room: Room;
  message: Message;
}

/**
 * The messages that would have called a person, had this client been connected when they were
 * written, as while the window was reloaded: the oldest first. Those of long ago call nobody; they
 * are unread, which can be seen.
 * @param client that has just been greeted for the first time
 */
export async function missedCalls(client: ChatClient): Promise<Mention[]> {
  const now = Date.now(); // eslint-disable-line no-restricted-properties -- beside the server's time of day
  const unread = [...client.rooms.values()].filter((room) => room.role !== null && room.unread > 0);
  const directFirst = unread.sort((one, other) => Number(other.kind === "direct") - Number(one.kind === "direct"));
  const asked = directFirst.slice(0, ROOMS_LIMIT).map((room) => callsIn(client, room, now - RECENT_MS));
  // A room that cannot be read any more calls nobody.
  const answers = await Promise.allSettled(asked);
  const calls = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  return calls.sort((one, other) => Date.parse(one.message.created_at) - Date.parse(other.message.created_at));
}

async function callsIn(client: ChatClient, room: Room, since: number): Promise<Mention[]> {
  const { messages } = await client.read({ type: "history", room: room.id, limit: MESSAGES_LIMIT });
  const isCall = (message: Message) =>
    message.number > room.read &&
    message.sender !== client.username &&
    !message.deleted &&
    !client.blocked.has(message.sender) &&
    (room.kind === "direct" || message.mentions.includes(client.username)) &&
    Date.parse(message.created_at) > since;
  return messages.filter(isCall).map((message) => ({ room, message }));
}
