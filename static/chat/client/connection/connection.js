import { CloseCode, ErrorCode } from "../../protocol.js";
import { fullJitter } from "../lib/backoff.js";
import { Stopwatch } from "../lib/durations.js";
import { ChatError } from "../lib/errors.js";

/** An attempt that has not led to `ready` after this is given up, in milliseconds. */
const CONNECT_TIMEOUT = 20_000;
/** A connection that held this long was a good one: the next attempt starts afresh. */
const GOOD_AFTER = 10_000;
/** After 4429 the server wants to be left alone for longer. */
const TOO_FAST = { code: CloseCode.TOO_FAST, attempt: 4, least: 2_000 };

/**
 * Closing codes after which coming back by oneself is of no use.
 *
 * @type {Map<number, {state: "offline" | "signed_out" | "banned", code: string, detail: string}>}
 */
const FINAL = new Map([
  [
    CloseCode.WRONG_PROTOCOL,
    {
      state: "offline",
      code: ErrorCode.BAD_REQUEST,
      detail: "This page and the server speak different versions. Reload the page.",
    },
  ],
  [
    CloseCode.NOT_SIGNED_IN,
    { state: "signed_out", code: ErrorCode.UNAUTHENTICATED, detail: "Sign in again." },
  ],
  [
    CloseCode.BANNED,
    {
      state: "banned",
      code: ErrorCode.FORBIDDEN,
      detail: "This account is suspended. Ask an administrator.",
    },
  ],
]);

/**
 * Keeps one socket open: connects, notices silence, comes back.
 *
 * It knows nothing of rooms. Whoever owns it calls {@link Connection.established} at `ready`.
 */
export class Connection {
  /** @type {import("./types.js").ConnectionState} */
  state = "offline";
  /** @type {import("./types.js").Socket | null} the open socket */
  socket = null;
  /** @type {number | null} when the next attempt is made, by the monotonic clock */
  #retryAt = null;
  // Before this the server wants to hear nothing of us, whatever the person does.
  #notBefore = -Infinity;
  /** @type {ChatError | null} why it stays away, when it does */
  error = null;

  #transport;
  #now;
  #monotonic;
  #random;
  #setTimer;
  #on;
  #attempt = 0;
  // Grows with each attempt, so that what an abandoned socket still says is not heard.
  #turn = 0;
  /** @type {import("./types.js").Socket | null} */
  #opening = null;
  #goodAt = Infinity;
  #silence;
  #heartbeat = 0;
  // The turn whose socket is being asked for a sign of life.
  #probing = 0;
  #cancelTimer = () => {};

  /**
   * @param {{
   *   transport: import("./types.js").Transport,
   *   now: () => number,
   *   monotonic: () => number,
   *   random: () => number,
   *   setTimer: import("../lib/types.js").SetTimer,
   *   on: {
   *     opened(socket: import("./types.js").Socket): void,
   *     frame(text: string): void,
   *     lost(error: ChatError | null): void,
   *     changed(): void,
   *     quiet(): Promise<unknown>,
   *   },
   * }} options `quiet` asks the server for a sign of life and rejects when none came
   */
  constructor({ transport, now, monotonic, random, setTimer, on }) {
    this.#transport = transport;
    this.#now = now;
    this.#monotonic = monotonic;
    this.#silence = new Stopwatch({ now, monotonic });
    this.#random = random;
    this.#setTimer = setTimer;
    this.#on = on;
  }

  /**
   * When the next attempt is made, as a millisecond timestamp of the wall clock as it is set now; or
   * null.
   * @returns {number | null}
   */
  get retryAt() {
    return this.#retryAt === null
      ? null
      : Math.round(this.#now() + this.#retryAt - this.#monotonic());
  }

  /** Connects now, unless it is connected or about to be. */
  open() {
    if (this.#opening) return;
    this.#cancelTimer();
    this.#retryAt = null;
    this.error = null;
    this.#goodAt = Infinity;
    const turn = ++this.#turn;
    /** @param {() => void} act */
    const ifCurrent = (act) => turn === this.#turn && act();
    this.#cancelTimer = this.#setTimer(() => ifCurrent(() => this.drop()), CONNECT_TIMEOUT);
    this.#become("connecting");
    const socket = this.#transport.open({
      onOpen: (socket) =>
        ifCurrent(() => {
          this.socket = socket;
          this.#on.opened(socket);
        }),
      onFrame: (text) =>
        ifCurrent(() => {
          this.#silence.restart();
          this.#on.frame(text);
        }),
      onClose: (code, detail) => ifCurrent(() => this.#lost(code, detail)),
    });
    ifCurrent(() => (this.#opening = socket));
  }

  /** The server greeted us. @param {number} heartbeat in seconds */
  established(heartbeat) {
    this.#heartbeat = Math.max(heartbeat, 1) * 1000;
    this.#goodAt = this.#monotonic() + GOOD_AFTER;
    this.#cancelTimer();
    this.#listen();
    this.#become("online");
  }

  /** Stays away until {@link Connection.open}. */
  close() {
    this.#leave();
    this.#retryAt = null;
    this.#become("offline");
    this.#on.lost(null);
  }

  /** Gives up this socket, without waiting for its end, and comes back. */
  drop() {
    if (this.#opening) this.#lost(1006);
  }

  /** Comes back at once if it waits and may; asks for a sign of life if it is connected. */
  wake() {
    if (this.#retryAt !== null && this.#monotonic() >= this.#notBefore) this.open();
    else this.probe();
  }

  /** Asks the server for a sign of life if it is connected, and gives up the socket if none comes. */
  probe() {
    const turn = this.#turn;
    if (this.state !== "online" || this.#probing === turn) return;
    this.#probing = turn;
    this.#on.quiet().then(
      () => turn === this.#turn && (this.#probing = 0),
      () => turn === this.#turn && this.drop(),
    );
  }

  // A half-open connection (a lost network, or a laptop that slept) says nothing for ever.
  #listen() {
    this.#cancelTimer = this.#setTimer(() => {
      if (this.#silence.elapsed >= 2 * this.#heartbeat) this.probe();
      this.#listen();
    }, this.#heartbeat);
  }

  /**
   * @param {number} code
   * @param {string} [detail]
   */
  #lost(code, detail) {
    this.#leave();
    const final = FINAL.get(code);
    if (final) {
      this.error = new ChatError(final.code, detail || final.detail);
      this.#retryAt = null;
      this.#become(/** @type {import("./types.js").ConnectionState} */ (final.state));
    } else {
      this.#retryLater(code);
    }
    this.#on.lost(this.error);
  }

  /** @param {number} code */
  #retryLater(code) {
    if (this.#monotonic() >= this.#goodAt) this.#attempt = 0;
    let least = 0;
    if (code === TOO_FAST.code) {
      this.#attempt = Math.max(this.#attempt, TOO_FAST.attempt);
      least = TOO_FAST.least;
      this.#notBefore = this.#monotonic() + least;
    }
    const delay = least + fullJitter(this.#attempt++, this.#random);
    this.#retryAt = this.#monotonic() + delay;
    this.#cancelTimer = this.#setTimer(() => this.open(), delay);
    this.#become("offline");
  }

  #leave() {
    this.#turn++;
    this.#cancelTimer();
    const socket = this.#opening;
    this.#opening = null;
    this.socket = null;
    socket?.close();
  }

  /** @param {import("./types.js").ConnectionState} state */
  #become(state) {
    this.state = state;
    this.#on.changed();
  }
}
