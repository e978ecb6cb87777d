/** Commands as callers write them, and what the reply to each holds. */
import type * as wire from "../../protocol.js";

export type AnyCommand = { type: string; [field: string]: unknown };

type WithoutRef<T> = T extends unknown ? Omit<T, "ref"> : never;

/** A command as callers write it: the client chooses its `ref`, and a `client_id` if it has none. */
export type Sendable =
  | WithoutRef<Exclude<wire.Command, wire.MessageSendCommand>>
  | (Omit<wire.MessageSendCommand, "ref" | "client_id"> & { client_id?: string });

export type Answer =
  | { type: "reply"; ref: string; [field: string]: any }
  | { type: "error"; ref: string; code: string; detail: string };

type Stored = { message: wire.Message; position: number };
type InRoom = { room: wire.Room };
/** Strangers who are no members until they accept, where the server has them asked. */
type Asked = { asked?: string[] };
type Nothing = {};

/** What the reply to each command holds. */
export interface Replies {
  sync: Nothing;
  "message.send": Stored;
  "message.edit": Stored;
  "message.delete": Stored;
  "message.react": Stored;
  "message.report": Nothing;
  "message.revisions": { revisions: wire.Revision[]; more: boolean };
  history: { messages: wire.Message[]; more: boolean };
  "room.open": InRoom & Asked;
  "room.join": InRoom;
  "room.leave": InRoom;
  "room.put_away": InRoom;
  "room.accept": InRoom;
  "room.refuse": Nothing;
  "room.rename": InRoom;
  "room.add": InRoom & Asked;
  "room.remove": InRoom;
  "room.role": InRoom;
  "room.members": { members: wire.Member[]; more: boolean };
  "room.read": Nothing;
  "room.find": { rooms: wire.Room[]; more: boolean };
  "people.find": { people: wire.Person[]; more: boolean; members?: string[] };
  "room.unread": { rooms: Record<string, wire.Unread> };
  "people.get": { people: wire.Person[] };
  "person.block": Nothing;
  "user.update": { user: wire.Me };
  typing: Nothing;
  ping: Nothing;
}
