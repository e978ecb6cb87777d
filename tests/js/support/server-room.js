import { createHash, randomUUID } from "node:crypto";
import { unknownAttachment } from "../../../static/chat/client/message-log/feed-message.js";

/**
 * @typedef {import("../../../static/chat/protocol.js").Message} Message
 * @typedef {import("../../../static/chat/protocol.js").Room} Room
 * @typedef {import("./server.js").Server} Server
 */

/** How many changes it sends at once. */
const CHANGES = 5;

/** A room of the server in memory, with its log. */
export class ServerRoom {
  id = randomUUID();
  position = 0;
  /** @type {Message[]} */
  messages = [];
  /** @type {Map<string, number>} */
  reads = new Map();
  /** @type {Map<number, Message>} as they were before they were hidden */
  hidden = new Map();

  /**
   * @param {Server} server
   * @param {string} name
   * @param {"public" | "private" | "direct"} kind
   * @param {string[]} members
   */
  constructor(server, name, kind, members) {
    Object.assign(this, { server, name, kind, members });
    this.server = server;
    this.name = name;
    this.kind = kind;
    this.members = members;
  }

  /** @param {string} username @returns {Room} */
  seenBy(username) {
    return {
      id: this.id,
      kind: this.kind,
      name: this.name,
      members: [...this.members],
      member_count: this.members.length,
      position: this.position,
      number: this.messages.length,
      read: this.reads.get(username) ?? 0,
      unread: this.unreadBy(username),
      role: "member",
      closed: false,
      put_away: false,
      favorite: this.server.personal(username).value("favorite", this.id) ?? false,
      asked: null,
    };
  }

  /** @param {string} username @param {number} number */
  read(username, number) {
    if (number <= (this.reads.get(username) ?? 0)) return;
    this.reads.set(username, number);
    const event = { type: "read", room: this.id, user: username, number };
    this.server.broadcast(event, (connection) => this.members.includes(connection.username));
  }

  /** @param {string} username */
  unreadBy(username) {
    const read = this.reads.get(username) ?? 0;
    return this.messages.filter(
      ({ number, sender, deleted }) => number > read && sender !== username && !deleted,
    ).length;
  }

  /** @param {number} number */
  at(number) {
    return this.shown(this.messages[number - 1]);
  }

  /** A message as it reads now, with its quote. @param {Message} message @returns {Message} */
  shown(message) {
    const quoted = this.messages.find(({ id }) => id === message.reply_to);
    if (!quoted || message.deleted) return { ...message, quote: null };
    const { id, number, sender, body } = quoted;
    return { ...message, quote: { id, number, sender, body } };
  }

  /**
   * @param {string} sender
   * @param {string} body
   * @param {{
   *   client_id?: string, reply_to?: string | null, mentions?: string[], attachments?: string[],
   * }} [more]
   */
  send(
    sender,
    body,
    { client_id = randomUUID(), reply_to = null, mentions = [], attachments = [] } = {},
  ) {
    const known = this.messages.find((one) => one.client_id === client_id);
    if (known) return this.shown(known);
    /** @type {Message} */
    const message = {
      id: identity(sender, client_id),
      room: this.id,
      number: this.messages.length + 1,
      position: 0,
      sender,
      client_id,
      body,
      html: `<p>${body}</p>`,
      created_at: "2026-01-01T00:00:00Z",
      edited_at: null,
      deleted: false,
      hidden: false,
      reply_to,
      quote: null,
      attachments: attachments.map((id) => ({
        ...unknownAttachment(id),
        name: this.server.uploads.get(id)?.name ?? "",
      })),
      mentions,
      reactions: {},
      code: null,
    };
    this.messages.push(message);
    return this.change(message.number, {});
  }

  /** @param {number} number @param {string} body */
  edit(number, body) {
    return this.change(number, { body, html: `<p>${body}</p>`, edited_at: "2026-01-01T00:00:01Z" });
  }

  /** @param {number} number */
  delete(number) {
    return this.change(number, { body: "", html: "", deleted: true, reactions: {}, mentions: [] });
  }

  /** @param {number} number @param {boolean} hidden */
  hide(number, hidden) {
    const message = this.messages[number - 1];
    if (message.hidden === hidden || (message.deleted && !message.hidden)) return this.at(number);
    if (hidden) this.hidden.set(number, message);
    const { body, html } = hidden
      ? { body: "", html: "" }
      : /** @type {Message} */ (this.hidden.get(number));
    return this.change(number, { hidden, deleted: hidden, body, html }, { isGone: true });
  }

  /** @param {number} number @param {string} emoji @param {string[]} names */
  react(number, emoji, names) {
    return this.change(number, { reactions: names.length ? { [emoji]: names } : {} });
  }

  /** @param {number} number @param {Partial<Message>} fields @param {{isGone?: boolean}} [options] */
  change(number, fields, { isGone = false } = {}) {
    if (this.messages[number - 1].deleted && !isGone) return this.at(number);
    this.position += 1;
    const changed = { ...this.messages[number - 1], ...fields, position: this.position };
    this.messages[number - 1] = changed;
    const message = this.shown(changed);
    const event = { type: "message", room: this.id, position: this.position, message };
    this.server.broadcast(event, ({ username }) => this.members.includes(username));
    return message;
  }

  /** @param {number} after */
  changes(after) {
    const type = "changes";
    const { id: room, position } = this;
    if (position - after > this.server.resetAfter || after > position) {
      return { type, room, messages: [], position, more: false, reset: true };
    }
    const all = this.messages.filter((message) => message.position > after);
    all.sort((a, b) => a.position - b.position);
    const messages = all.slice(0, CHANGES).map((message) => this.shown(message));
    const more = all.length > CHANGES;
    const stands = more ? messages[messages.length - 1].position : position;
    return { type, room, messages, position: stands, more, reset: false };
  }

  /** @param {{before?: number, after?: number, limit?: number}} page */
  history({ before = Infinity, after, limit = 50 }) {
    const found = this.messages.filter(({ number }) => number < before && number > (after ?? 0));
    const count = Math.min(limit, this.server.pageLimit);
    const messages = after === undefined ? found.slice(-count) : found.slice(0, count);
    return { messages: messages.map((one) => this.shown(one)), more: found.length > count };
  }
}

/** @param {string} sender @param {string} clientId */
function identity(sender, clientId) {
  const hash = createHash("sha1")
    .update(sender + clientId)
    .digest("hex");
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, "$1-$2-$3-$4-$5");
}
