/**
 * A server in memory that keeps docs/protocol.md: rooms with logs, `client_id`s, `sync`, pages.
 * Tests make it lose events, refuse commands, fall silent and close sockets.
 *
 * @typedef {import("../../../static/chat/client/types.js").TransportHandlers} TransportHandlers
 */
import { randomUUID } from "node:crypto";
import { Connection } from "./server-connection.js";
import { ServerPersonalLog } from "./server-personal-log.js";
import { ServerRoom } from "./server-room.js";

export class Server {
  /** @type {Map<string, ServerRoom>} */
  rooms = new Map();
  /** @type {Connection[]} those that are open */
  connections = [];
  /** How often somebody tried to connect. */
  attempts = 0;
  /** Whether it can be reached. */
  isUp = true;
  /** Whether it greets those who come. */
  isGreeting = true;
  /** @type {number | null} the closing code for whoever comes */
  turnsAway = null;
  /** @type {(command: any, connection: Connection) => {code: string, detail: string} | null} */
  refuse = () => null;
  /** Changes further back than this are answered with a reset. */
  resetAfter = Infinity;
  /** How many messages fit into a page of history, whatever the `limit`: they may be large. */
  pageLimit = Infinity;
  heartbeat = 10;
  /** @type {import("../../../static/chat/protocol.js").Limits | undefined} undefined: as an older server */
  limits;
  /** The id of the history. */
  epoch = "first";
  /** Whether it knows people's own logs, as an older server does not. */
  hasPersonalLogs = true;
  /** @type {Map<string, ServerPersonalLog>} */
  #personal = new Map();
  /** @type {string[]} who is here */
  online = [];
  /** @type {Map<string, File>} files that messages may name, by id */
  uploads = new Map();
  /** @type {(file: File, signal?: AbortSignal) => Promise<unknown> | null} what a file waits for, or fails on */
  beforeUpload = () => null;

  /**
   * @param {{name?: string, kind?: "public" | "private" | "direct", members?: string[]}} [options]
   */
  open({ name = "general", kind = "private", members = ["ada", "grace"] } = {}) {
    const room = new ServerRoom(this, name, kind, members);
    this.rooms.set(room.id, room);
    return room;
  }

  /** A transport that brings this person here. @param {string} username */
  door(username) {
    return {
      /** @param {TransportHandlers} handlers */
      open: (handlers) => new Connection(this, username, handlers),
      /** @param {Blob} file @param {import("../../../static/chat/client/types.js").UploadOptions} options */
      upload: (file, options) => this.#upload(/** @type {File} */ (file), options),
    };
  }

  /**
   * @param {File} file
   * @param {import("../../../static/chat/client/types.js").UploadOptions} options
   * @returns {Promise<import("../../../static/chat/protocol.js").Attachment>}
   */
  async #upload(file, { signal }) {
    const takenBack = new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(new Error("The upload was taken back."))),
    );
    await Promise.race([this.beforeUpload(file, signal), takenBack]);
    const id = randomUUID();
    this.uploads.set(id, file);
    const { name, size, type: content_type } = file;
    return {
      id,
      name,
      size,
      content_type,
      width: null,
      height: null,
      url: `/${id}`,
      thumbnail_url: null,
      problem: null,
      metadata_kept: false,
    };
  }

  /** @param {object} event @param {(connection: Connection) => boolean} to */
  broadcast(event, to) {
    for (const connection of this.connections) {
      if (!connection.isDeaf && to(connection)) connection.say(event);
    }
  }

  /** Someone's own log. @param {string} username */
  personal(username) {
    const known = this.#personal.get(username) ?? new ServerPersonalLog(this, username);
    this.#personal.set(username, known);
    return known;
  }

  /** @param {string} username */
  roomsOf(username) {
    return [...this.rooms.values()].filter((room) => room.members.includes(username));
  }

  /** The connection that was made last. */
  get last() {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error("nobody is connected");
    return connection;
  }

  /** Goes back to what a room was, as a restore does; files that nobody had sent are gone. @param {ServerRoom} room @param {number} number of its last message */
  restore(room, number) {
    this.epoch = randomUUID();
    this.uploads.clear();
    room.messages = room.messages.slice(0, number);
    room.position = Math.max(0, ...room.messages.map(({ position }) => position));
    for (const [reader, read] of room.reads) room.reads.set(reader, Math.min(read, number));
    for (const connection of [...this.connections]) connection.end(1012);
  }

  /** Every command of this type that has come. @param {string} type */
  commands(type) {
    return this.received.filter((command) => command.type === type);
  }

  /** @type {any[]} */
  received = [];
}
