import { ChatClient } from "../../../static/chat/client.js";
import { Clock, settled } from "./clock.js";
import { Server } from "./server.js";

/**
 * A client in a world of its own.
 *
 * @param {{
 *   server?: Server, clock?: Clock, username?: string, random?: () => number,
 *   storage?: import("../../../static/chat/client/types.js").KeyStorage | null,
 *   events?: EventTarget | null,
 *   files?: import("../../../static/chat/client/types.js").KeptFiles,
 *   locks?: Pick<LockManager, "request">,
 *   uploadsElsewhere?: import("../../../static/chat/client/types.js").UploadsElsewhere,
 *   userId?: string,
 * }} [given]
 */
export function aClient({
  server = new Server(),
  clock = new Clock(),
  username = "ada",
  random = () => 0.5,
  storage = null,
  events = null,
  files,
  locks,
  uploadsElsewhere,
  userId,
} = {}) {
  const client = new ChatClient({
    transport: server.door(username),
    storage,
    events,
    files,
    locks,
    uploadsElsewhere,
    userId,
    random,
    now: clock.now,
    monotonic: clock.monotonic,
    setTimer: clock.setTimer,
  });
  return { client, server, clock };
}

/**
 * The same, connected, with one room whose newest page is open.
 *
 * @param {Parameters<typeof aClient>[0] & {messages?: number, pageLimit?: number}} [given]
 */
export async function aClientInARoom({ messages = 3, pageLimit = Infinity, ...given } = {}) {
  const world = aClient(given);
  world.server.pageLimit = pageLimit;
  const room = world.server.roomsOf(given.username ?? "ada")[0] ?? world.server.open();
  for (let number = 1; number <= messages; number++) room.send("grace", `message ${number}`);
  await world.client.connect();
  const feed = world.client.feed(room.id);
  await feed.open();
  await settled();
  return { ...world, room, feed };
}

/** @param {import("../../../static/chat/client/message-log/feed.js").Feed} feed */
export const bodies = (feed) => feed.messages.map(({ body }) => body);

/** @param {import("../../../static/chat/client/message-log/feed.js").Feed} feed */
export const numbers = (feed) => feed.messages.map(({ number }) => number);

/** Collects the details of an event as they are told. @param {EventTarget} target @param {string} type */
export function heard(target, type) {
  /** @type {any[]} */
  const details = [];
  target.addEventListener(type, (event) => {
    details.push(/** @type {CustomEvent} */ (event).detail);
  });
  return details;
}
