// Made from chat/protocol/ by `manage.py protocol_types`. Change those files, not this one.

export const VERSION: number;
export const SUBPROTOCOL: string;
export const FRAME_LIMIT: number;
export const BODY_LIMIT: number;
export const CONTEXT_LINES: number;
export const CONTEXT_LIMIT: number;
export const ATTACHMENTS_LIMIT: number;
export const PAGE_LIMIT: number;
export const PERSONAL_PAGE_LIMIT: number;
export const PAGE_SIZE: number;

export const CloseCode: {
  readonly FRAME_TOO_LARGE: 1009;
  readonly RESTARTING: 1012;
  readonly WRONG_PROTOCOL: 4400;
  readonly NOT_SIGNED_IN: 4401;
  readonly BANNED: 4403;
  readonly TOO_SLOW: 4408;
  readonly TOO_FAST: 4429;
};

export const ErrorCode: {
  readonly BAD_REQUEST: "bad_request";
  readonly UNAUTHENTICATED: "unauthenticated";
  readonly FORBIDDEN: "forbidden";
  readonly NOT_FOUND: "not_found";
  readonly CONFLICT: "conflict";
  readonly TOO_LARGE: "too_large";
  readonly RATE_LIMITED: "rate_limited";
  readonly UNSUPPORTED_MEDIA: "unsupported_media";
  readonly QUOTA_EXCEEDED: "quota_exceeded";
  readonly SERVER_ERROR: "server_error";
};

export const COMMANDS: readonly Command["type"][];

export type ErrorCode =
  | "bad_request"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "rate_limited"
  | "unsupported_media"
  | "quota_exceeded"
  | "server_error";

export type RoomKind =
  | "direct"
  | "private"
  | "public";

export type Role =
  | "owner"
  | "moderator"
  | "member";

export type AttachmentProblem =
  | "mislabeled"
  | "too_many_pixels"
  | "unreadable";

export type RemovalReason =
  | "left"
  | "removed"
  | "not_found";

export type PresenceState =
  | "online"
  | "offline";

/**
 * A room as one person sees it.
 *
 * `position` is the head of the room's log, `number` that of its newest message, `read`
 * the number up to which this person has read.
 */
export interface Room {
  id: string;
  kind: RoomKind;
  name: string;
  members?: string[] | null;
  member_count: number;
  position: number;
  number: number;
  read: number;
  unread: number;
  role: Role | null;
  closed: boolean;
  put_away: boolean;
  favorite: boolean;
  asked?: string[] | null;
}

/** How much of a room its reader has not read, when its log is at `position`. */
export interface Unread {
  position: number;
  number: number;
  read: number;
  unread: number;
}

/**
 * A stranger's request that the person join a room, which they cannot see before
 * they accept.
 */
export interface RoomRequest {
  room: string;
  kind: RoomKind;
  name: string;
  by: string;
  at: string;
}

/**
 * The state of a message after its last change.
 *
 * `number` orders the messages of a room as they were sent and never changes; `position`
 * is where its last change stands in the room's log.
 */
export interface Message {
  id: string;
  room: string;
  number: number;
  position: number;
  sender: string;
  client_id: string;
  body: string;
  html: string;
  created_at: string;
  edited_at: string | null;
  deleted: boolean;
  hidden: boolean;
  reply_to: string | null;
  quote: Quote | null;
  attachments: Attachment[];
  mentions: string[];
  reactions: Record<string, string[]>;
  code: Code | null;
}

/** The message that a reply refers to, in its current state; the body is shortened. */
export interface Quote {
  id: string;
  number: number;
  sender: string;
  body: string;
}

/** A file. `width` and `height` are in pixels and known for images only. */
export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number;
  width: number | null;
  height: number | null;
  url: string;
  thumbnail_url: string | null;
  problem: AttachmentProblem | null;
  metadata_kept: boolean;
}

/**
 * Lines of a file, which readers can find in their own checkout.
 *
 * `path` is relative to the repository, with forward slashes, and does not begin as one of a
 * Windows drive (`c:`) or an address (`file://`); lines count from 1, and both are
 * included. What is not known is left empty or left out. No field but `text`, `before`
 * and `after` may have characters that control text or turn it around.
 */
export interface Code {
  language: string;
  repository: string;
  branch: string;
  commit: string;
  path: string;
  start_line: number;
  end_line: number;
  text: string;
  dirty?: boolean | null;
  blob?: string | null;
  before?: string | null;
  after?: string | null;
}

/** The server's software and its version. */
export interface Server {
  name: string;
  version: string;
}

/** The server's limits, so that clients can check input before they send it. */
export interface Limits {
  body: number;
  upload: number;
  attachments: number;
  frame: number;
}

/** A person with an account. */
export interface Person {
  username: string;
  display_name: string;
  avatar_url: string | null;
}

/** The signed-in person. */
export interface Me {
  id: string;
  username: string;
  display_name: string;
  avatar_url: string | null;
}

/**
 */
export interface Member {
  username: string;
  display_name: string;
  avatar_url: string | null;
  role: Role;
}

/**
 * The newest value of one thing in a person's own log.
 *
 * Kinds: `favorite` (of a `room`: true or false). Ignore kinds that you do not know.
 */
export interface PersonalChange {
  kind: string;
  room?: string | null;
  key?: string | null;
  value: unknown;
  version: number;
}

/** The text of a message before an edit. */
export interface Revision {
  body: string;
  replaced_at: string;
}

/**
 * Requests everything that changed: in each room, after the position that the client holds.
 *
 * First come, for each room that has moved, one or more `changes`; then the reply. For a room
 * that you may not read comes `room.removed`.
 */
export interface SyncCommand {
  type: "sync";
  ref?: string;
  rooms: Record<string, number>;
}

/** Sends a message. The same `client_id` again answers with the same message. */
export interface MessageSendCommand {
  type: "message.send";
  ref?: string;
  room: string;
  client_id: string;
  body?: string;
  attachments?: string[];
  reply_to?: string | null;
  code?: Code | null;
}

/** Changes the text of one's own message. */
export interface MessageEditCommand {
  type: "message.edit";
  ref?: string;
  message: string;
  body: string;
}

/** Deletes one's own message, or as a moderator of the room another's. */
export interface MessageDeleteCommand {
  type: "message.delete";
  ref?: string;
  message: string;
}

/**
 * Adds (`on`) or takes back one's reaction: one emoji, or a shortcode such as `:wave:`.
 * Other forms of an emoji count as the one that Unicode recommends: ❤ as ❤️.
 */
export interface MessageReactCommand {
  type: "message.react";
  ref?: string;
  message: string;
  emoji: string;
  on?: boolean;
}

/** Reports a message to the server's moderators. */
export interface MessageReportCommand {
  type: "message.report";
  ref?: string;
  message: string;
  reason: string;
}

/** Returns the former texts of an edited message; for moderators of the room. */
export interface MessageRevisionsCommand {
  type: "message.revisions";
  ref?: string;
  message: string;
}

/**
 * Returns a page of messages, newest last: those before a number, those after one, or the
 * newest.
 */
export interface HistoryCommand {
  type: "history";
  ref?: string;
  room: string;
  before?: number | null;
  after?: number | null;
  limit?: number;
}

/**
 * Opens a room. If a direct room exists already, it is returned instead of opening another.
 *
 * The person who opens a direct room has it at once. The other gets it with the first message,
 * or when they open it too; until then they cannot tell that it exists.
 */
export interface RoomOpenCommand {
  type: "room.open";
  ref?: string;
  kind: RoomKind;
  name?: string;
  members?: string[];
}

/** Joins a public room. */
export interface RoomJoinCommand {
  type: "room.join";
  ref?: string;
  room: string;
}

/**
 * Leaves a private or public room. A direct room is only hidden instead, as by
 * `room.put_away`: two people keep it for good.
 */
export interface RoomLeaveCommand {
  type: "room.leave";
  ref?: string;
  room: string;
}

/** Hides a direct room from one's list until its next message (`on`), or shows it again. */
export interface RoomPutAwayCommand {
  type: "room.put_away";
  ref?: string;
  room: string;
  on?: boolean;
}

/**
 * Adds a room to one's favourites (`on`), or removes it, on all of one's devices. Without a
 * change, nothing happens.
 */
export interface RoomFavoriteCommand {
  type: "room.favorite";
  ref?: string;
  room: string;
  on?: boolean;
}

/** Accepts a stranger's request to join a room, and becomes a member. */
export interface RoomAcceptCommand {
  type: "room.accept";
  ref?: string;
  room: string;
}

/** Refuses a stranger's request. They are not notified, and cannot send another for a time. */
export interface RoomRefuseCommand {
  type: "room.refuse";
  ref?: string;
  room: string;
}

/** Renames a room; for its owners and moderators. */
export interface RoomRenameCommand {
  type: "room.rename";
  ref?: string;
  room: string;
  name: string;
}

/**
 * Adds people to a private or public room; for its owners and moderators. A person whose
 * request was withdrawn within the last 24 hours cannot be asked again (`rate_limited`).
 */
export interface RoomAddCommand {
  type: "room.add";
  ref?: string;
  room: string;
  members: string[];
}

/**
 * Removes a person from a room, or withdraws a request to join it; for its owners and
 * moderators. A withdrawn request cannot be accepted, and `asked` no longer names the person.
 */
export interface RoomRemoveCommand {
  type: "room.remove";
  ref?: string;
  room: string;
  member: string;
}

/** Gives a member another role; for the room's owners. */
export interface RoomRoleCommand {
  type: "room.role";
  ref?: string;
  room: string;
  member: string;
  role: Role;
}

/**
 * Returns the members of a room by username, a page at a time: those after the username
 * `after`.
 */
export interface RoomMembersCommand {
  type: "room.members";
  ref?: string;
  room: string;
  after?: string;
  limit?: number;
}

/**
 * Marks a room as read up to a number, on all of the person's devices.
 *
 * The mark never moves back, nor past the newest message. The reply comes when it is stored, some
 * 20 to 100 ms later, together with those of others.
 */
export interface RoomReadCommand {
  type: "room.read";
  ref?: string;
  room: string;
  number: number;
}

/**
 * Returns how much of some of one's rooms is unread, where events do not show it: as when
 * another device has read a part of what this one never saw. Leaves out rooms of which one is not
 * a member.
 */
export interface RoomUnreadCommand {
  type: "room.unread";
  ref?: string;
  rooms: string[];
}

/**
 * Returns open public rooms whose names contain each word of the query, a page at a time; all
 * of them for an empty query. Case and accents make no difference. Rooms in which each word begins
 * a word of the name come first. `after` is the last room of the previous page.
 */
export interface RoomFindCommand {
  type: "room.find";
  ref?: string;
  query?: string;
  after?: string | null;
}

/**
 * Returns people whose username or display name contains each word of the query, a page at a
 * time. Case and accents make no difference, nor an `@` before a word. People in whose names
 * each word begins a word come first. Suspended people are left out. `after` is the last
 * username of the previous page. If `room` is given, the reply says who of them is a member of
 * it.
 */
export interface PeopleFindCommand {
  type: "people.find";
  ref?: string;
  query: string;
  after?: string;
  room?: string | null;
}

/**
 * Returns display names and avatars of people by username, including suspended ones. Leaves out
 * names that do not exist.
 */
export interface PeopleGetCommand {
  type: "people.get";
  ref?: string;
  usernames: string[];
}

/**
 * Blocks a person (`on`) or unblocks them. Neither of the two can then write to the other
 * directly, add them to rooms or see whether they are online; the other is not notified, but all
 * of one's own devices get `blocked`. A message that a block forbids is answered with
 * `forbidden`, in the same words for both of them.
 */
export interface PersonBlockCommand {
  type: "person.block";
  ref?: string;
  username: string;
  on?: boolean;
}

/**
 * Changes one's own display name. The name is refused if it has invisible characters or ones
 * that change the direction of text, and if it is, or looks like, another person's username.
 */
export interface UserUpdateCommand {
  type: "user.update";
  ref?: string;
  display_name: string;
}

/**
 * Returns what changed for the person alone after the `me_version` that the client holds, or
 * 0: in order, a page at a time, each thing with its newest value.
 */
export interface MeSyncCommand {
  type: "me.sync";
  ref?: string;
  after: number;
}

/** Shows the room that one is typing; repeat it every 3 seconds. It has no reply. */
export interface TypingCommand {
  type: "typing";
  ref?: string;
  room: string;
}

/** Returns at once, to test the connection. */
export interface PingCommand {
  type: "ping";
  ref?: string;
}

export type Command =
  | SyncCommand
  | MessageSendCommand
  | MessageEditCommand
  | MessageDeleteCommand
  | MessageReactCommand
  | MessageReportCommand
  | MessageRevisionsCommand
  | HistoryCommand
  | RoomOpenCommand
  | RoomJoinCommand
  | RoomLeaveCommand
  | RoomPutAwayCommand
  | RoomFavoriteCommand
  | RoomAcceptCommand
  | RoomRefuseCommand
  | RoomRenameCommand
  | RoomAddCommand
  | RoomRemoveCommand
  | RoomRoleCommand
  | RoomMembersCommand
  | RoomReadCommand
  | RoomUnreadCommand
  | RoomFindCommand
  | PeopleFindCommand
  | PeopleGetCommand
  | PersonBlockCommand
  | UserUpdateCommand
  | MeSyncCommand
  | TypingCommand
  | PingCommand;

/** The command succeeded, and there is nothing to add. */
export interface Done {
  type: "reply";
  ref: string;
}

/** The message in its current state. */
export interface MessageReply {
  type: "reply";
  ref: string;
  message: Message;
  position: number;
}

/** A page of messages, newest last. Large messages make a page end before `limit`. */
export interface HistoryReply {
  type: "reply";
  ref: string;
  messages: Message[];
  more: boolean;
}

/** The texts of a message before its edits. */
export interface RevisionsReply {
  type: "reply";
  ref: string;
  revisions: Revision[];
  more: boolean;
}

/** The room as the person sees it now. */
export interface RoomReply {
  type: "reply";
  ref: string;
  room: Room;
}

/** The room, and which of the named people were asked instead of added. */
export interface InvitedReply {
  type: "reply";
  ref: string;
  room: Room;
  asked?: string[];
}

/** A page of a room's members. */
export interface MembersReply {
  type: "reply";
  ref: string;
  members: Member[];
  more: boolean;
}

/** The numbers of unread messages of rooms. */
export interface UnreadReply {
  type: "reply";
  ref: string;
  rooms: Record<string, Unread>;
}

/** A page of rooms that were found. */
export interface RoomsReply {
  type: "reply";
  ref: string;
  rooms: Room[];
  more: boolean;
}

/** A page of people who were found. */
export interface PeopleFoundReply {
  type: "reply";
  ref: string;
  people: Person[];
  more: boolean;
  members?: string[];
}

/** People by username. */
export interface PeopleReply {
  type: "reply";
  ref: string;
  people: Person[];
}

/**
 * The current value of one thing in the person's own log. `version` is 0 if it
 * never changed.
 */
export interface PersonalChangeReply {
  type: "reply";
  ref: string;
  change: PersonalChange;
}

/** A page of a person's own log. */
export interface PersonalChangesReply {
  type: "reply";
  ref: string;
  changes: PersonalChange[];
  version: number;
  more: boolean;
  reset: boolean;
}

/** The person's own profile, with the current name. */
export interface UserReply {
  type: "reply";
  ref: string;
  user: Me;
}

export type Reply =
  | Done
  | MessageReply
  | HistoryReply
  | RevisionsReply
  | RoomReply
  | InvitedReply
  | MembersReply
  | UnreadReply
  | RoomsReply
  | PeopleFoundReply
  | PeopleReply
  | PersonalChangeReply
  | PersonalChangesReply
  | UserReply;

/** Each command by its name, with its reply: null where it is not answered. */
export interface Commands {
  "sync": { request: SyncCommand; reply: Done };
  "message.send": { request: MessageSendCommand; reply: MessageReply };
  "message.edit": { request: MessageEditCommand; reply: MessageReply };
  "message.delete": { request: MessageDeleteCommand; reply: MessageReply };
  "message.react": { request: MessageReactCommand; reply: MessageReply };
  "message.report": { request: MessageReportCommand; reply: Done };
  "message.revisions": { request: MessageRevisionsCommand; reply: RevisionsReply };
  "history": { request: HistoryCommand; reply: HistoryReply };
  "room.open": { request: RoomOpenCommand; reply: InvitedReply };
  "room.join": { request: RoomJoinCommand; reply: RoomReply };
  "room.leave": { request: RoomLeaveCommand; reply: RoomReply };
  "room.put_away": { request: RoomPutAwayCommand; reply: RoomReply };
  "room.favorite": { request: RoomFavoriteCommand; reply: PersonalChangeReply };
  "room.accept": { request: RoomAcceptCommand; reply: RoomReply };
  "room.refuse": { request: RoomRefuseCommand; reply: Done };
  "room.rename": { request: RoomRenameCommand; reply: RoomReply };
  "room.add": { request: RoomAddCommand; reply: InvitedReply };
  "room.remove": { request: RoomRemoveCommand; reply: RoomReply };
  "room.role": { request: RoomRoleCommand; reply: RoomReply };
  "room.members": { request: RoomMembersCommand; reply: MembersReply };
  "room.read": { request: RoomReadCommand; reply: Done };
  "room.unread": { request: RoomUnreadCommand; reply: UnreadReply };
  "room.find": { request: RoomFindCommand; reply: RoomsReply };
  "people.find": { request: PeopleFindCommand; reply: PeopleFoundReply };
  "people.get": { request: PeopleGetCommand; reply: PeopleReply };
  "person.block": { request: PersonBlockCommand; reply: Done };
  "user.update": { request: UserUpdateCommand; reply: UserReply };
  "me.sync": { request: MeSyncCommand; reply: PersonalChangesReply };
  "typing": { request: TypingCommand; reply: null };
  "ping": { request: PingCommand; reply: Done };
}

/** The first frame on every socket. */
export interface ReadyEvent {
  type: "ready";
  protocol: number;
  user: Me;
  rooms: Room[];
  more: boolean;
  online: string[];
  requests: RoomRequest[];
  blocked: string[];
  heartbeat: number;
  epoch: string;
  server: Server;
  limits: Limits;
  me_version: number;
}

/** A message was sent, edited, reacted to or deleted: its new state. */
export interface MessageEvent {
  type: "message";
  room: string;
  position: number;
  message: Message;
}

/** All changes of a room after a position, in the order of position. */
export interface ChangesEvent {
  type: "changes";
  room: string;
  messages: Message[];
  position: number;
  more: boolean;
  reset: boolean;
}

/**
 * A room was opened or changed, or the person was added to it.
 *
 * A direct room that another person opened comes with its first messages: in its state before
 * them, and then a `message` event for each. If that is impossible, `position` is after them.
 */
export interface RoomEvent {
  type: "room";
  room: Room;
}

/**
 * The person is not, or not any more, a member of this room. `reason` is `left` (they left,
 * on any of their devices), `removed` (another person removed them, or the server only found
 * that they are out) or `not_found` (they requested to `sync` a room that they may not read).
 * A closed room stays, and comes as `room` with `closed`.
 *
 * `name` (of the room) and `by` (the username of the person who did it) are given if a member
 * removed them. `by` is left out if the server's moderators did it, and both are if the server
 * only found that they are out.
 */
export interface RoomRemovedEvent {
  type: "room.removed";
  room: string;
  reason: RemovalReason;
  name: string | null;
  by: string | null;
}

/** A person has read up to a number. */
export interface ReadEvent {
  type: "read";
  room: string;
  user: string;
  number: number;
}

/** A person is typing; it holds for five seconds. */
export interface TypingEvent {
  type: "typing";
  room: string;
  user: string;
}

/**
 * A person with whom one shares a private or direct room, in which both have written, went
 * online or offline (`state`). It is also sent when the two begin or cease to see each other.
 * Changes within a moment come in one frame, and a person who comes and goes within it is left
 * out.
 */
export interface PresenceEvent {
  type: "presence";
  user: string;
  state: PresenceState;
}

/** A person changed their display name or avatar. */
export interface PersonEvent {
  type: "person";
  person: Person;
}

/** Everyone whom the person has blocked, after a change on any of their devices. */
export interface BlockedEvent {
  type: "blocked";
  usernames: string[];
}

/** All rooms into which strangers ask the person, after a change. */
export interface RequestsEvent {
  type: "requests";
  requests: RoomRequest[];
}

/**
 * Something changed for the person alone, on any of their devices.
 *
 * When `version` is yours plus one, apply `changes`. At or below yours, it is old: drop it.
 * Beyond that, something is missing: `me.sync` from your version. Where the server only found
 * that you may have missed something, there are no `changes`.
 */
export interface MeChangedEvent {
  type: "me.changed";
  version: number;
  changes: PersonalChange[];
}

/** The newest positions of rooms that moved since the last heartbeat. */
export interface HeadsEvent {
  type: "heads";
  rooms: Record<string, number>;
}

export type Event =
  | ReadyEvent
  | MessageEvent
  | ChangesEvent
  | RoomEvent
  | RoomRemovedEvent
  | ReadEvent
  | TypingEvent
  | PresenceEvent
  | PersonEvent
  | BlockedEvent
  | RequestsEvent
  | MeChangedEvent
  | HeadsEvent;
