import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { IncrementalRenderer } from "./incremental-renderer.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { jumpToNewest, listTop, pageElsewhere } from "./list-edges.js";
import { moveByKey } from "./list-keys.js";
import { loadNear } from "./load-near.js";
import "./message.js";
import { NewDay } from "../lib/new-day.js";
import { keepPlace, placeIn } from "./scroll-positions.js";
import { ReadMarker } from "./read-marker.js";
import { spokenTitle, unread } from "../lib/rooms.js";
import { ScrollAnchor } from "./scroll-anchor.js";
import { timeline } from "./timeline.js";
import { unreadBar } from "./unread-bar.js";

/** @typedef {import("../../client/types.js").FeedMessage} Message */

/** The messages of one room, and where in them the reader is. */
export class MessageList extends ChatElement {
  static properties = {
    roomId: { type: String },
    editing: { attribute: false },
    atEnd: { state: true },
    unreadAfter: { state: true },
    sinceAway: { state: true },
    opening: { state: true },
    isAtUnread: { state: true },
  };

  changes = new ClientEvents(
    this,
    ["messages", "room", "rooms", "people", "state"],
    (type, { room }) => ["state", "people", "rooms"].includes(type) || room === this.roomId,
  );

  constructor() {
    super();
    this.roomId = "";
    /** @type {string | null} the id of the message being edited */
    this.editing = null;
    this.atEnd = true;
    /** @type {number | null} the line of new messages stands below this number */
    this.unreadAfter = null;
    /** Whether the reader stands where the unread messages begin. */
    this.isAtUnread = false;
    /** The messages at which the room opens are on their way. */
    this.opening = false;
    /** @type {import("./scroll-positions.js").Place | null} where it opens, if not at what is unread */
    this.kept = null;
    /** Under which the place is kept. */
    this.placeKey = "";
    /** Messages that came in below what the reader looks at. */
    this.sinceAway = 0;
    this.newest = 0;
    this.drawn = new IncrementalRenderer(() => this.requestUpdate());
    this.placed = false;
    /** Updates whose messages are not all drawn yet: what is held must not be held anew. */
    this.settling = 0;
    /** Whether what was drawn last ends at the room's newest message. */
    this.endsAtNewest = true;
    /** @type {number | null} a number to be shown once it is drawn */
    this.target = null;
    /** @type {number | null} where it stood before, in pixels; null where it is to be pointed out */
    this.targetOffset = null;
    /** @type {ScrollAnchor} */
    this.anchor = /** @type {any} */ (null);
    this.reading = new ReadMarker(this);
    this.onLeave = () => this.keepPlace();
    this.resizes = new ResizeObserver(() =>
      this.placed ? this.anchor.restore() : this.requestUpdate(),
    );
    new NewDay(this);
  }

  get feed() {
    return this.client.feed(this.roomId);
  }

  get scroller() {
    return /** @type {HTMLElement} */ (this.querySelector(".messages"));
  }

  connectedCallback() {
    super.connectedCallback();
    this.reading.start();
    window.addEventListener("pagehide", this.onLeave);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener("pagehide", this.onLeave);
    this.keepPlace();
    this.reading.stop();
    this.resizes.disconnect();
  }

  /** @param {Map<PropertyKey, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("roomId") && this.roomId) void this.enter();
    if (this.anchor && this.placed && this.settling === 0) this.anchor.hold();
    this.settling += 1;
  }

  /**
   * Opens the room where the reader was, or at the first unread message if new ones came since,
   * or else at its end.
   */
  async enter() {
    const { client, feed, roomId } = this;
    const room = client.rooms.get(roomId);
    const { number = 0, read = 0 } = room ?? {};
    const hasUnread = room !== undefined && unread(room) > 0;
    this.placed = false;
    this.opening = true;
    this.sinceAway = 0;
    this.newest = number;
    this.unreadAfter = hasUnread ? read : null;
    this.placeKey = `${client.epoch} ${roomId}`;
    const kept = placeIn(this.host, this.placeKey);
    this.kept = hasUnread && number > (kept?.newest ?? 0) ? null : kept;
    const opensAt = this.kept?.number ?? (hasUnread ? read + 1 : null);
    try {
      if (opensAt !== null) await feed.jumpTo(opensAt);
      else if (feed.hasNewer) await feed.jumpToLatest();
      await feed.open();
    } catch {
      // The feed says what was refused, and that is shown.
    }
    if (roomId === this.roomId) this.opening = false;
  }

  /** Where the reader is: the first message in view, 0 at the end, and how far its top is from the list's. */
  get place() {
    const { item, offset, atEnd } = this.anchor;
    const number = Number(/** @type {HTMLElement | null} */ (item)?.dataset.number) || 0;
    return { number: atEnd && !this.feed.hasNewer ? 0 : number, offset };
  }

  /** For when the reader comes back to this room. */
  keepPlace() {
    if (!this.placed) return;
    const { item, offset } = this.anchor;
    const number = Number(/** @type {HTMLElement | null} */ (item)?.dataset.number);
    const isKept = !this.atEnd && number > 0 && !item?.matches(".is-unsent, .is-failed");
    keepPlace(this.host, this.placeKey, isKept ? { number, offset, newest: this.newest } : null);
  }

  firstUpdated() {
    const content = /** @type {HTMLElement} */ (this.querySelector(".messages-content"));
    this.anchor = new ScrollAnchor(this.scroller, content, "mc-message");
    this.resizes.observe(content);
    this.resizes.observe(this.scroller);
  }

  async updated() {
    // The messages draw themselves after this list. All of it is microtasks of one task, so no
    // frame and no scroll event comes between what was held and what is put back.
    const children = /** @type {NodeListOf<ChatElement>} */ (this.querySelectorAll("mc-message"));
    await Promise.all([...children].map((child) => child.updateComplete));
    this.settling -= 1;
    if (this.settling > 0 || !this.isConnected || !this.feed.loaded || this.anchor.isHidden) return;
    if (this.opening) return this.anchor.toEnd();
    const { anchor, feed } = this;
    const isLed = !this.placed || this.target !== null;
    if (!this.placed) this.enterPlace();
    else if (this.target !== null) this.show(this.target);
    else anchor.restore();
    // New messages are drawn a few at a time, and followed to the last of them. A reader who only
    // stood at the end of what was loaded stays there when more is.
    const isFollowing = !isLed && anchor.followEnd && anchor.atEnd && !feed.hasNewer;
    anchor.followEnd = this.endsAtNewest || isFollowing;
    this.noticeNew();
    this.look();
  }

  enterPlace() {
    this.placed = true;
    const { kept } = this;
    const item = kept && this.querySelector(`mc-message[data-number="${kept.number}"]`);
    const line = this.querySelector(".unread-line");
    if (this.target !== null) this.show(this.target);
    else if (kept && item) this.anchor.toOffset(item, kept.offset);
    else if (line) this.anchor.toItem(line, 0.2);
    else this.anchor.toEnd();
    this.requestUpdate(); // what is said of the place
  }

  /** Tells what came in from others at the live end. */
  noticeNew() {
    const room = this.client.rooms.get(this.roomId);
    const last = room?.number ?? 0;
    if (!room || last <= this.newest) return;
    const me = this.client.me?.username ?? "";
    const came = this.feed.messages.filter(
      ({ number, state }) => number > this.newest && state === "sent",
    );
    // Whoever answers knows what is above; not where the answer waited, and others came before it.
    const answer = unread(room) === 0 ? came.findLast(({ sender }) => sender === me) : undefined;
    const fresh = came.filter(({ sender }) => sender !== me);
    // After a jump the window ends earlier, and what comes in is known by its number alone.
    if (this.feed.hasNewer) this.sinceAway += last - this.newest;
    else if (!this.anchor.atEnd) this.sinceAway += fresh.length;
    this.newest = last;
    for (const message of fresh) {
      if (!this.client.blocked.has(message.sender)) this.tell("heard", { message });
    }
    if (answer) this.unreadAfter = null;
    const news = fresh.find(({ number }) => number > (answer?.number ?? 0));
    if (!this.reading.watched && this.unreadAfter === null && news)
      this.unreadAfter = news.number - 1;
  }

  onScroll() {
    if (!this.placed) return;
    this.anchor.hold();
    this.look();
  }

  /**
   * A message was folded or unfolded: what the reader looks at stays where it is.
   * @param {import("../lib/events.js").PageEvent<"fold">} event
   */
  onFold({ target, detail: { isFolded, by } }) {
    const item = /** @type {HTMLElement} */ (target);
    this.scroller.scrollTop += by;
    if (isFolded && this.anchor.top(item) < 0) this.anchor.toItem(item, 0);
    else this.anchor.hold();
  }

  /** Loads what is near, forgets what is far, and marks what has been seen as read. */
  look() {
    const { feed, scroller } = this;
    if (!scroller) return; // one is no longer in the room
    this.atEnd = this.anchor.atEnd && !feed.hasNewer;
    if (this.atEnd) this.sinceAway = 0;
    this.reading.look();
    const room = this.client.rooms.get(this.roomId);
    this.isAtUnread = room !== undefined && this.reading.isAtUnread(room);
    // What is loaded and not drawn yet is near, too; for more, what one reads would be forgotten.
    if (!this.drawn.isGrowing) loadNear(feed, scroller, { isAtEnd: this.atEnd });
  }

  /** @param {number} number */
  async jump(number) {
    this.targetOffset = null;
    await this.bring(number);
  }

  /**
   * Comes back to where a message stood, with nothing made of it.
   * @param {number} number
   * @param {number} offset of its top from that of the list, in pixels
   */
  async comeBack(number, offset) {
    this.targetOffset = offset;
    await this.bring(number);
  }

  /** @param {number} number */
  async bring(number) {
    this.target = number;
    try {
      const isThere = await this.feed.jumpTo(number);
      if (!isThere && this.target === number) this.target = null; // as after a restore
    } catch (error) {
      this.target = null;
      this.tell("refused", error);
    }
    this.requestUpdate();
  }

  async jumpToEnd() {
    try {
      await this.feed.jumpToLatest();
    } catch (error) {
      return void this.tell("refused", error);
    }
    await this.updateComplete;
    this.anchor.toEnd();
    this.look();
  }

  /** @param {number} number */
  show(number) {
    const item = this.querySelector(`mc-message[data-number="${number}"]`);
    if (!item) return;
    this.target = null;
    if (this.targetOffset !== null) return this.anchor.toOffset(item, this.targetOffset);
    const message = /** @type {import("./message.js").ChatMessage} */ (item);
    void message.fold.set(false); // whoever is led to it is to see it all
    this.anchor.toItem(item);
    item.classList.add("is-found");
    /** @type {HTMLElement} */ (item).focus({ preventScroll: true });
    setTimeout(() => item.classList.remove("is-found"), 2500);
  }

  render() {
    const room = this.client.rooms.get(this.roomId);
    if (!room) return null;
    const { feed } = this;
    return html`
      <div
        class="messages ${this.opening ? "is-opening" : ""}"
        role="region"
        aria-label="Messages in ${spokenTitle(this.client, room)}"
        aria-busy=${!feed.loaded || this.opening}
        tabindex="0"
        @scroll=${this.onScroll}
        @keydown=${(/** @type {KeyboardEvent} */ event) => moveByKey(event, this)}
        @fold=${this.onFold}
      >
        ${listTop(this.client, feed, room, () => (feed.loaded ? this.look() : this.enter()))}
        <div class="messages-content">
          ${repeat(
            this.items(),
            (item) => item.key,
            (item) => item.draw(),
          )}
        </div>
      </div>
      ${this.jumps()}
    `;
  }

  items() {
    const messages = /** @type {Message[]} */ (this.feed.messages);
    const whole = !this.placed || this.target !== null;
    const drawn = this.drawn.of(messages, { whole });
    this.endsAtNewest = !this.feed.hasNewer && drawn.at(-1) === messages.at(-1);
    return timeline(drawn, {
      unreadAfter: this.unreadAfter,
      me: this.client.me?.username ?? "",
      draw: (message, continued) => this.drawMessage(message, continued),
    });
  }

  /**
   * @param {Message} message
   * @param {boolean} continued
   */
  drawMessage(message, continued) {
    return html`<mc-message
      tabindex="-1"
      .room=${this.client.rooms.get(this.roomId)}
      .message=${message}
      .continued=${continued}
      .editing=${this.editing === message.id && this.editing !== null}
    ></mc-message>`;
  }

  jumps() {
    const room = this.client.rooms.get(this.roomId);
    const count = room?.role && this.placed ? unread(room) : 0;
    return html`
      ${pageElsewhere(this.client, this.feed)}
      ${
        room && count > 0
          ? unreadBar({
              count,
              isAtUnread: this.isAtUnread,
              toFirst: () => this.jumpToUnread(room),
              toNewest: () => this.jumpToEnd(),
              markRead: () => this.markRead(room),
            })
          : null
      }
      ${this.atEnd || !this.placed ? null : jumpToNewest(this.sinceAway, () => this.jumpToEnd())}
    `;
  }

  /** @param {import("../../protocol.js").Room} room */
  jumpToUnread(room) {
    this.unreadAfter = room.read;
    void this.jump(this.reading.firstUnread(room));
  }

  /** @param {import("../../protocol.js").Room} room */
  markRead({ id, number }) {
    this.client.markRead(id, number);
    this.unreadAfter = null;
    this.tell("focus-composer"); // the button that was pressed goes
  }
}

customElements.define("mc-message-list", MessageList);
