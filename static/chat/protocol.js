// Made from chat/protocol/ by `manage.py protocol_constants`. Change those files, not this one.

export const VERSION = 1;
export const SUBPROTOCOL = "mediachat.v1";
export const FRAME_LIMIT = 65536;
export const BODY_LIMIT = 20000;
export const CONTEXT_LINES = 3;
export const CONTEXT_LIMIT = 1000;
export const ATTACHMENTS_LIMIT = 20;
export const PAGE_LIMIT = 200;
export const PERSONAL_PAGE_LIMIT = 500;
export const PAGE_SIZE = 262144;

export const CloseCode = Object.freeze({
  FRAME_TOO_LARGE: 1009,
  RESTARTING: 1012,
  WRONG_PROTOCOL: 4400,
  NOT_SIGNED_IN: 4401,
  BANNED: 4403,
  TOO_SLOW: 4408,
  TOO_FAST: 4429,
});

export const ErrorCode = Object.freeze({
  BAD_REQUEST: "bad_request",
  UNAUTHENTICATED: "unauthenticated",
  FORBIDDEN: "forbidden",
  NOT_FOUND: "not_found",
  CONFLICT: "conflict",
  TOO_LARGE: "too_large",
  RATE_LIMITED: "rate_limited",
  UNSUPPORTED_MEDIA: "unsupported_media",
  QUOTA_EXCEEDED: "quota_exceeded",
  SERVER_ERROR: "server_error",
});

/** The names of all commands. */
export const COMMANDS = Object.freeze([
  "sync",
  "message.send",
  "message.edit",
  "message.delete",
  "message.react",
  "message.report",
  "message.revisions",
  "history",
  "room.open",
  "room.join",
  "room.leave",
  "room.put_away",
  "room.favorite",
  "room.accept",
  "room.refuse",
  "room.rename",
  "room.add",
  "room.remove",
  "room.role",
  "room.members",
  "room.read",
  "room.unread",
  "room.find",
  "people.find",
  "people.get",
  "person.block",
  "user.update",
  "me.sync",
  "typing",
  "ping",
]);
