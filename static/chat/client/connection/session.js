import { ChatError, connectionLost, offline } from "../lib/errors.js";
import { Arrivals } from "./arrivals.js";
import { BrowserEvents } from "./browser-events.js";
import { Connection } from "./connection.js";
import { handleIncomingMessage, messagesIn, takeFrom } from "./incoming.js";
import { Requests } from "./requests.js";

/** A connection that answers no `ping` within this is dead, in milliseconds. */
const PING_TIMEOUT = 10_000;

/**
 * A client's way to the server over all its connections: it comes back after each loss, matches
 * replies with their commands, and knows who waits for the server's greeting.
 */
export class Session {
  #arrivals = new Arrivals();
  #connection;
  #requests;
  #browser;
  #on;

  /**
   * @param {{
   *   transport: import("./types.js").Transport,
   *   events: import("./types.js").BrowserEvents | null,
   *   random: () => number,
   *   setTimer: import("../lib/types.js").SetTimer,
   *   on: {
   *     message: (message: any) => void,
   *     lost: () => void,
   *     changed: () => void,
   *     pagehide: () => void,
   *     storage: (change: StorageEvent) => void,
   *   },
   * } & import("../lib/durations.js").Clocks} options `message`: the server says something that is no
   *   reply; `lost`: the connection is gone; `changed`: the state, or when it is tried again;
   *   `pagehide` and `storage`: the browser's events
   */
  constructor({ transport, events, on, ...timing }) {
    this.#on = on;
    this.#requests = new Requests({ ...timing, late: () => this.probe() });
    this.#connection = new Connection({
      transport,
      ...timing,
      on: {
        opened: (socket) => takeFrom(socket, (message) => this.#take(message)),
        frame: (text) => this.receive(text),
        lost: (error) => this.#lost(error),
        changed: on.changed,
        quiet: () => this.issue({ type: "ping" }, { timeout: PING_TIMEOUT }),
      },
    });
    this.#browser = new BrowserEvents(events, {
      online: () => this.#connection.wake(),
      // A socket can take minutes to notice that the network has gone.
      offline: () => this.#connection.drop(),
      focus: () => this.#connection.wake(),
      pagehide: on.pagehide,
      storage: on.storage,
    });
  }

  /** The open socket, or null. */
  get socket() {
    return this.#connection.socket;
  }

  /** @returns {import("./types.js").ConnectionState} */
  get state() {
    return this.#connection.state;
  }

  /** When the next attempt to connect is made, as a millisecond timestamp; or null. */
  get retryAt() {
    return this.#connection.retryAt;
  }

  /** @returns {ChatError | null} why the client stays away, when the server sent it away */
  get error() {
    return this.#connection.error;
  }

  /** Whether the connection is lost, and will come back. */
  get isAway() {
    return this.state === "connecting" || this.retryAt !== null;
  }

  /** Connects, and stays connected. Resolves at the greeting. */
  async open() {
    this.#browser.listen();
    const arrival = this.#arrivals.next();
    this.#connection.open();
    await arrival;
  }

  /** Stays away until `open`. */
  close() {
    this.#browser.stop();
    this.#connection.close();
    this.#arrivals.settle(new ChatError("aborted", "The client was disconnected."));
  }

  /** Tries to connect now. */
  wake() {
    this.#connection.wake();
  }

  /** Asks the server for a sign of life, and gives up a connection over which none comes. */
  probe() {
    this.#connection.probe();
  }

  /** Waits until commands can be sent. @param {AbortSignal} signal */
  async arrival(signal) {
    if (this.error) throw this.error;
    if (this.state !== "online") await this.#arrivals.next(signal);
  }

  /** The server has greeted us. @param {number} heartbeat in seconds */
  established(heartbeat) {
    this.#connection.established(heartbeat);
  }

  /** What the greeting said has been taken: those who wait for it go on. */
  arrived() {
    this.#arrivals.settle();
  }

  /**
   * Sends a command once.
   *
   * @param {import("../lib/commands.js").AnyCommand} command
   * @param {{timeout?: number}} [options]
   * @returns {Promise<any>} its reply; rejects where there is no connection
   */
  issue(command, options) {
    const { socket } = this;
    if (!socket || this.state !== "online") return Promise.reject(offline());
    // It has no reply.
    if (command.type === "typing") return Promise.resolve(socket.send(JSON.stringify(command)));
    return this.#requests.issue(socket, command, options);
  }

  /**
   * Takes one frame from the server: an object, or an array of objects to be taken in order.
   * @param {string} text
   */
  receive(text) {
    for (const message of messagesIn(text)) handleIncomingMessage(message, this.socket);
  }

  /** @param {any} message */
  #take(message) {
    if (message?.type === "reply" || message?.type === "error") this.#requests.settle(message);
    else if (message?.type) this.#on.message(message);
  }

  /** @param {ChatError | null} error */
  #lost(error) {
    this.#requests.abandon(connectionLost());
    this.#on.lost();
    if (error) this.#arrivals.settle(error);
  }
}
