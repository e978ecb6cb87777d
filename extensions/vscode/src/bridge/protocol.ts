/**
 * What the webview and the extension host say to each other. The host believes nothing that it
 * has not read with {@link readFromPage}: whatever runs in the webview can say anything.
 */
import * as v from "valibot";
import {
  BODY_LIMIT,
  COMMANDS,
  CONTEXT_LIMIT,
  FRAME_LIMIT,
  type Attachment,
} from "../../../../static/chat/protocol.js";
import type { UploadNews } from "../chat/upload-news.js";
import { KEY } from "../chat/editor-storage.js";

const STORED_LIMIT = 200_000;
const UPLOAD_LIMIT = 1024 ** 3;

/** What a page's client may ask of the server, which checks each again: all that there is. */
const COMMAND_NAMES: ReadonlySet<string> = new Set(COMMANDS);

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const text = (limit: number) => v.pipe(v.string(), v.maxLength(limit));
const name = v.pipe(text(255), v.minLength(1));
/** A path on the server, of a file: never another address. */
const mediaPath = v.pipe(
  text(2_000),
  v.regex(/^\/media\/[^/\\?#]+\/[^\\?#]*$|^\/media\/[^\\?#]+$/),
  v.check(isPlain),
);
const bytes = v.pipe(
  v.custom<ArrayBuffer | Uint8Array>(
    (value) => value instanceof ArrayBuffer || value instanceof Uint8Array,
  ),
  v.check((value) => value.byteLength <= UPLOAD_LIMIT),
);
const command = v.pipe(text(FRAME_LIMIT), v.check(isCommand));

/** Lines of a person's checkout. */
export const Code = v.object({
  language: v.optional(text(64), ""),
  repository: v.optional(text(500), ""),
  branch: v.optional(text(300), ""),
  commit: v.optional(v.pipe(v.string(), v.regex(/^([0-9a-f]{7,64})?$/)), ""),
  path: v.pipe(text(1_000), v.minLength(1), v.check(isInside)),
  start_line: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  end_line: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  // The server counts characters, of which JavaScript takes many for two.
  text: text(2 * BODY_LIMIT),
  dirty: v.nullish(v.boolean()),
  blob: v.nullish(v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/))),
  before: v.nullish(text(CONTEXT_LIMIT)),
  after: v.nullish(text(CONTEXT_LIMIT)),
});
export type Code = v.InferOutput<typeof Code>;

const Bridge = v.variant("bridge", [
  v.strictObject({ bridge: v.literal("open"), id }),
  v.strictObject({ bridge: v.literal("send"), id, text: command }),
  v.strictObject({ bridge: v.literal("close"), id }),
  v.strictObject({ bridge: v.literal("upload"), id, name, type: text(200), bytes }),
  v.strictObject({ bridge: v.literal("abort"), id }),
]);

const Ask = v.variant("type", [
  v.strictObject({ type: v.literal("started") }),
  v.strictObject({
    type: v.literal("store"),
    key: v.pipe(v.string(), v.regex(KEY)),
    value: v.nullable(text(STORED_LIMIT)),
  }),
  v.strictObject({ type: v.literal("media"), id, path: mediaPath }),
  v.strictObject({ type: v.literal("save"), path: mediaPath, name }),
  v.strictObject({ type: v.literal("open-image"), path: mediaPath, name }),
  v.strictObject({ type: v.literal("open-code"), code: Code }),
  v.strictObject({ type: v.literal("show-rooms") }),
  v.strictObject({ type: v.literal("retry") }),
  v.strictObject({ type: v.literal("retry-upload"), key: v.pipe(text(100), v.minLength(1)) }),
  v.strictObject({
    type: v.literal("sign-in"),
    server: text(2_000),
    username: name,
    password: text(4_096),
  }),
  v.strictObject({ type: v.literal("sign-in-browser"), server: text(2_000) }),
  v.strictObject({ type: v.literal("sign-in-cancel") }),
  v.strictObject({ type: v.literal("second-factor"), code: v.pipe(text(64), v.minLength(1)) }),
]);

export type FromBridge = v.InferOutput<typeof Bridge>;
export type FromPage = v.InferOutput<typeof Ask>;

/** What the host tells the page, beside what {@link FromBridge} is answered with. */
export type ToPage =
  | { type: "wake" }
  | { type: "stored"; key: string; value: string | null }
  | { type: "upload"; upload: UploadNews }
  | { type: "open-room"; room: string }
  | { type: "start-chat" }
  | { type: "show"; dialog: "profile" | "blocked" | "shortcuts" }
  | { type: "write" }
  | { type: "insert"; room: string; attachments: Attachment[] }
  | { type: "media"; id: number; bytes: ArrayBuffer; contentType: string }
  | { type: "media-failed"; id: number; detail: string }
  | { type: "say"; text: string }
  | { type: "sign-in-failed"; code: string; detail: string }
  | { type: "sign-in-again" }
  | { type: "second-factor-needed" };

/** A message from the webview, or null for what is none of these. */
export function readFromPage(message: unknown): FromBridge | FromPage | null {
  if (typeof message !== "object" || message === null) return null;
  const result = "bridge" in message ? v.safeParse(Bridge, message) : v.safeParse(Ask, message);
  return result.success ? result.output : null;
}

/** Code that came with a message, or null where it is not what it should be. */
export function readCode(value: unknown): Code | null {
  const result = v.safeParse(Code, value);
  return result.success && result.output.end_line >= result.output.start_line
    ? result.output
    : null;
}

function isCommand(frame: string): boolean {
  try {
    const { type } = JSON.parse(frame) as { type?: unknown };
    return typeof type === "string" && COMMAND_NAMES.has(type);
  } catch {
    return false;
  }
}

/** Neither climbs out of its folder nor hides that it does. */
function isPlain(path: string): boolean {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return false;
  }
  return (
    !decoded.includes("\0") && !decoded.split(/[\\/]/).some((part) => part === ".." || part === ".")
  );
}

/**
 * A relative path that stays in the folder it is relative to. A backslash may be part of a name, and
 * on Windows it is a slash. So may a colon, but after the letter of a drive, or in an address.
 */
function isInside(path: string): boolean {
  const absolute = /^([/\\]|[a-z]:|[a-z][a-z0-9+.-]*:\/\/)/i.test(path);
  return !absolute && !path.includes("\0") && !path.split(/[\\/]/).includes("..");
}
