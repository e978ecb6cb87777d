import { searchable } from "../../client/people/name-match.js";
import { isolated, spokenName } from "../../client/people/names.js";

/** @typedef {import("../../client.js").ChatClient} ChatClient */
/** @typedef {import("../../protocol.js").Room} Room */

/**
 * The other person of a direct room.
 * @param {ChatClient} client
 * @param {Room} room
 */
export function partner(client, room) {
  if (room.kind !== "direct") return null;
  const other = room.members?.find((name) => name !== client.me?.username);
  // Who has been asked is no member yet.
  return other ?? room.asked?.[0] ?? room.members?.[0] ?? null;
}

/**
 * @param {ChatClient} client
 * @param {Room} room
 */
export function roomTitle(client, room) {
  const other = partner(client, room);
  return other ? displayName(client, other) : room.name || "Unnamed room";
}

/**
 * @param {ChatClient} client
 * @param {string} username
 */
export function displayName(client, username) {
  return client.person(username).display_name || username;
}

/**
 * What a room is called where there is no markup: it does not turn around what is beside it.
 * @param {ChatClient} client
 * @param {Room} room
 */
export function spokenTitle(client, room) {
  const other = partner(client, room);
  return other ? spokenName(client, other) : isolated(room.name || "Unnamed room");
}

/** @param {Room} room */
export const unread = (room) => (room.role ? room.unread : 0);

/** A badge stays narrow. @param {number} count */
export const badge = (count) => (count > 99 ? "99+" : String(count));

/*
 * What a person may do in a room, as `chat/permissions.py` has it: what the server would refuse is not
 * offered. In a room that a moderator closed everything can be read, and that is all.
 */

/** Nobody in a direct room: both are members. @param {Room} room */
export const canModerate = (room) =>
  !room.closed && (room.role === "owner" || room.role === "moderator");

/** Whether they may change what others are in the room. @param {Room} room */
export const canManage = (room) => !room.closed && room.role === "owner";

/**
 * Whether they may write, change what they wrote, and react.
 * @param {ChatClient} client
 * @param {Room} room
 */
export function canWrite(client, room) {
  const other = partner(client, room);
  return !room.closed && !(other && client.blocked.has(other));
}

/**
 * Whether they may delete this message. One's own goes also where a block has ended a conversation.
 * @param {ChatClient} client
 * @param {Room} room
 * @param {{sender: string}} message
 */
export const canDelete = (client, room, message) =>
  !room.closed && (message.sender === client.me?.username || canModerate(room));

/** What asks to be read: a room that was put away does not. @param {ChatClient} client */
export const waiting = (client) =>
  [...client.rooms.values()]
    .filter((room) => !room.put_away)
    .reduce((sum, room) => sum + unread(room), 0);

/**
 * The rooms in the order of the list: favourites first, and by name, so that nothing moves under the
 * pointer. What was put away is found by its name, and stays while it is open.
 * @param {ChatClient} client
 * @param {string} query
 * @param {string} [current] the room that is open
 */
export function listedRooms(client, query, current = "") {
  // Names may be written as they are mentioned.
  const wanted = searchable(query)
    .split(/\s+@?|^@/)
    .filter(Boolean);
  const listed = [...client.rooms.values()]
    .filter((room) => !room.put_away || wanted.length > 0 || room.id === current)
    .map((room) => ({ room, title: roomTitle(client, room) }))
    .filter(({ room, title }) => {
      const name = searchable(`${title} ${partner(client, room) ?? ""}`);
      return wanted.every((word) => name.includes(word));
    })
    .sort(
      (a, b) => Number(b.room.favorite) - Number(a.room.favorite) || a.title.localeCompare(b.title),
    );
  return {
    rooms: listed.filter(({ room }) => room.kind !== "direct").map(({ room }) => room),
    people: listed.filter(({ room }) => room.kind === "direct").map(({ room }) => room),
  };
}
