import { html } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { isolated } from "../client/people/names.js";
import "./lib/composition.js";
import "./shell/account-menu.js";
import { Announcer } from "./shell/announcer.js";
import "./shell/connection-line.js";
import "./rooms/conversation.js";
import { refusal } from "./lib/dialog.js";
import { dialogFor } from "./dialogs/dialogs.js";
import { Drafts } from "./composer/drafts.js";
import { ChatElement } from "./lib/element.js";
import "./emoji/emoji-picker.js";
import { icon, mark } from "./lib/icons.js";
import {
  askForRoom,
  forgetRoom,
  lastRoom,
  placeInAddress,
  rememberRoom,
} from "./rooms/location.js";
import { displayName, listedRooms, unread, waiting } from "./lib/rooms.js";
import "./rooms/requests.js";
import "./shell/restored-line.js";
import "./rooms/room-list.js";
import { RoomLinks } from "./rooms/room-links.js";
import "./rooms/room-offer.js";
import { PageKeys } from "./shell/page-keys.js";
import { unsentElsewhere } from "./unsent/unsent.js";
import { Uploads } from "./composer/uploads.js";
import "./unsent/waiting.js";
import { banned, choose, signedOut, welcome } from "./shell/empty-states.js";

const TOAST_MS = 7000;
const NARROW = matchMedia("(max-width: 639px)");

/** The whole page: the rooms on one side, the conversation on the other, dialogs above. */
export class ChatApp extends ChatElement {
  static properties = {
    roomId: { state: true },
    screen: { state: true },
    dialog: { state: true },
    toast: { state: true },
    offer: { state: true },
  };

  static follows = ["state", "rooms", "room", "messages", "people"];

  constructor() {
    super();
    this.roomId = "";
    /** @type {"rooms" | "room"} which of the two is seen where there is room for one */
    this.screen = "rooms";
    /** @type {{name: string, detail: any} | null} */
    this.dialog = null;
    this.toast = "";
    /** @type {import("../protocol.js").Room | null} a public room to join, which the address names */
    this.offer = null;
    /** The room that the person leaves of their own will. */
    this.leaving = "";
    /** Says how the room that was open ended. */
    this.farewell = "";
    /** The address of the chat, with a slash at its end: links below it lead to its rooms. */
    this.address = "";
    /** This tab's id among those of the browser; '' where they share their drafts. */
    this.tab = "";
    /** @type {Drafts | null} */
    this.drafts = null;
    /** @type {Map<string, Uploads>} */
    this.uploads = new Map();
    this.announcer = new Announcer(this);
    new RoomLinks(this);
    new PageKeys(this);
    this.onAddress = () => this.openFromAddress();
    /** Whether keys that are held down with Ctrl are the page's. */
    this.takesCtrl = true;
    /** Whether the page lists the rooms; an editor does so itself, beside the page. */
    this.listsRooms = true;
    /** @type {Record<string, (detail: any) => void>} */
    const asked = {
      "open-room": ({ room }) => this.openRoom(room),
      "show-rooms": () => this.showRooms(),
      "dialog-closed": () => (this.dialog = null),
      "put-away": ({ room }) => void this.putAway(room),
      leaving: ({ room }) => (this.leaving = room),
      "pick-emoji": ({ beside, chosen }) => this.pickEmoji(beside, chosen),
      refused: (error) => this.say(refusal(error)),
      said: ({ text }) => this.say(text),
      "focus-search": () => this.focusSearch(),
      "focus-composer": () => this.focusComposer(),
      "offer-accepted": () => this.openFromAddress(),
      "offer-declined": () => this.declineOffer(),
      heard: ({ message }) => this.announcer.announce(message),
    };
    for (const name of [
      "start-chat",
      "show-details",
      "show-revisions",
      "report",
      "confirm",
      "open-image",
      "show-profile",
      "show-blocked",
      "show-unsent",
      "show-shortcuts",
    ]) {
      asked[name] = (detail) => (this.dialog = { name, detail: detail ?? {} });
    }
    for (const [type, run] of Object.entries(asked)) {
      this.addEventListener(type, (event) => run(/** @type {CustomEvent} */ (event).detail));
    }
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener("popstate", this.onAddress);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("popstate", this.onAddress);
  }

  follow() {
    const known = this.followed;
    super.follow();
    if (this.followed === known) return;
    this.client.addEventListener("mention", (event) => {
      const { room, message } = /** @type {CustomEvent} */ (event).detail;
      // In the room that is open the list of messages tells it.
      if (room !== this.roomId) this.announcer.announce(message);
    });
    this.client.addEventListener("left-out", (event) => {
      const { room, upload } = /** @type {CustomEvent} */ (event).detail;
      this.uploadsOf(room).put([upload]);
    });
    this.client.addEventListener("removed", (event) => {
      const { room, name, by } = /** @type {CustomEvent} */ (event).detail;
      const who = by ? isolated(displayName(this.client, by)) : "Somebody";
      const words = `${who} removed you from ${isolated(name)}.`;
      // Of the room that is open, one notice says this and what became of what was unsent.
      if (room === this.roomId) this.farewell = words;
      else this.say(words);
    });
    this.client.addEventListener("restored", () => {
      for (const uploads of this.uploads.values()) uploads.uploadAgain();
    });
  }

  get room() {
    return this.client.rooms.get(this.roomId);
  }

  /** @param {Map<PropertyKey, unknown>} changed */
  willUpdate(changed) {
    super.willUpdate(changed);
    const { client } = this;
    if (!client.me) return;
    if (!this.drafts) {
      this.offer = JSON.parse(this.dataset.offer ?? "null");
      this.drafts = new Drafts(client.me.id, this.tab);
      this.openFromAddress();
      if (!this.roomId && !this.offer && this.listsRooms && !NARROW.matches) {
        this.openRoom(this.firstRoom(), { address: false });
      }
    }
    if (this.roomId && !this.room && client.state === "online") {
      const isKept = unsentElsewhere(client).some(({ room }) => room === this.roomId);
      const place = this.listsRooms ? "your rooms" : "the conversation";
      const kept = isKept ? ` What you had not sent there is kept, above ${place}.` : "";
      if (this.roomId !== this.leaving)
        this.say(`${this.farewell || "You are no longer in that room."}${kept}`);
      this.farewell = "";
      this.roomId = "";
      this.screen = "rooms";
    }
  }

  updated() {
    const count = waiting(this.client);
    document.title = `${count > 0 ? `(${count}) ` : ""}Media Chat`;
  }

  /** Where one signs in and then comes back to this place; "" in an editor. */
  get signInAddress() {
    const { signIn } = this.dataset;
    return signIn
      ? `${signIn}?next=${encodeURIComponent(location.pathname + location.search)}`
      : "";
  }

  render() {
    if (this.client.state === "signed_out") return signedOut(this.signInAddress);
    if (this.client.state === "banned") return banned();
    return html`
      <main class="app ${this.listsRooms ? "" : "is-one-room"}" data-screen=${this.listsRooms ? this.screen : "room"}>
        <h1 class="visually-hidden">Media Chat</h1>
        <div class="app-lines">
          <mc-connection-line .client=${this.client}></mc-connection-line>
          <mc-restored-line .client=${this.client}></mc-restored-line>
        </div>
        ${this.listsRooms ? this.sidebar() : null}
        <div class="content">
          ${this.listsRooms ? null : this.asked()}
          ${this.content()}
        </div>
        ${this.announcer.render()}
        <div class="toast-place" role="alert">
          ${this.toast ? html`<p class="toast">${this.toast}</p>` : null}
        </div>
      </main>
      ${this.dialog ? dialogFor(this.client, this.dialog) : null}
      <mc-emoji-picker></mc-emoji-picker>
    `;
  }

  sidebar() {
    return html`<div class="sidebar">
      <div class="brand">
        ${mark()}
        <span class="brand-name">Media Chat</span>
        <button type="button" class="button is-primary is-small" @click=${() => this.tell("start-chat")}>
          ${icon("plus")} Start chat
        </button>
      </div>
      ${this.asked()}
      <mc-room-list .client=${this.client} .current=${this.roomId}></mc-room-list>
      <mc-account-menu
        .client=${this.client}
        .links=${this.dataset}
        .takesCtrl=${this.takesCtrl}
      ></mc-account-menu>
    </div>`;
  }

  /** What waits for an answer of the person, in whatever room they are. */
  asked() {
    return html`
      <mc-unsent .client=${this.client}></mc-unsent>
      <mc-requests .client=${this.client}></mc-requests>
    `;
  }

  content() {
    const { client, room } = this;
    if (room) {
      // Drawn anew in another history, too: what it was about may not be there.
      return keyed(
        `${client.epoch} ${room.id}`,
        html`<mc-conversation
          .client=${client}
          .roomId=${room.id}
          .drafts=${this.drafts}
          .uploads=${this.uploadsOf(room.id)}
        ></mc-conversation>`,
      );
    }
    if (!client.me) return html`<mc-waiting .client=${client}></mc-waiting>`;
    if (this.offer)
      return html`<mc-room-offer .client=${client} .room=${this.offer}></mc-room-offer>`;
    const start = (/** @type {string} */ tab) => this.tell("start-chat", { tab });
    return client.rooms.size === 0
      ? welcome(client.me, start)
      : choose(this.listsRooms ? null : () => void this.showRooms());
  }

  /** @param {string} roomId */
  uploadsOf(roomId) {
    const known = this.uploads.get(roomId);
    if (known) return known;
    const uploads = new Uploads(this.client);
    this.uploads.set(roomId, uploads);
    // Also when the person looks at another room by then.
    uploads.addEventListener("change", () => {
      this.drafts?.change(roomId, { attachments: uploads.attachments, files: uploads.unfinished });
    });
    return uploads;
  }

  openFromAddress() {
    const { room, number } = placeInAddress();
    if (this.client.rooms.has(room)) this.openRoom(room, { address: false, number });
    else if (this.offer && room === this.offer.id) this.screen = "room";
    else {
      this.screen = "rooms";
      const { home } = this.dataset;
      if (room && !(home && askForRoom(home)))
        this.say("There is no such room, or you are not in it.");
    }
  }

  declineOffer() {
    this.offer = null;
    forgetRoom(this.dataset.home);
    if (NARROW.matches) void this.showRooms();
    else void this.openRoom(this.firstRoom(), { address: false });
  }

  firstRoom() {
    const { rooms, people } = listedRooms(this.client, "");
    const known = [...rooms, ...people];
    const last = lastRoom();
    return (
      (known.find(({ id }) => id === last) ?? known.find((room) => unread(room) > 0) ?? known[0])
        ?.id ?? ""
    );
  }

  /**
   * @param {string} roomId
   * @param {{address?: boolean, number?: number | null, focus?: boolean}} [options] whether the address
   *   bar follows, the message to show, and whether one goes on to write
   */
  async openRoom(roomId, { address = true, number = null, focus = true } = {}) {
    if (!roomId) return;
    this.offer = null;
    this.roomId = roomId;
    this.screen = "room";
    this.dialog = null;
    rememberRoom(roomId, address ? this.dataset.home : undefined);
    await this.updateComplete;
    const conversation = /** @type {import("./rooms/conversation.js").Conversation | null} */ (
      this.querySelector("mc-conversation")
    );
    await conversation?.updateComplete;
    if (number !== null) return void conversation?.list?.jump(number);
    // On a touch screen the focus would bring up the keyboard over what is to be read.
    if (focus && matchMedia("(pointer: fine)").matches) conversation?.composer?.textarea?.focus();
  }

  async showRooms() {
    if (!this.listsRooms) return this.tell("rooms-elsewhere");
    this.screen = "rooms";
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector(".room-entry[tabindex='0']"))?.focus();
  }

  /** @param {string} room */
  async putAway(room) {
    try {
      await this.client.send({ type: "room.put_away", room, on: true });
    } catch (error) {
      return this.tellRefusal(error);
    }
    this.say("This conversation is off your list until the next message.");
    if (room !== this.roomId) return;
    this.roomId = "";
    forgetRoom(this.dataset.home);
    await this.showRooms();
  }

  /**
   * @param {HTMLElement} beside
   * @param {(emoji: string) => void} chosen
   */
  pickEmoji(beside, chosen) {
    const picker = /** @type {import("./emoji/emoji-picker.js").EmojiPicker} */ (
      this.querySelector("mc-emoji-picker")
    );
    void picker.pick(beside, chosen);
  }

  /** @param {string} words what the person has to know now, shown for some seconds */
  say(words) {
    this.toast = words;
    setTimeout(() => {
      if (this.toast === words) this.toast = "";
    }, TOAST_MS);
  }

  /** Shows the list of rooms, where it is not beside the room, and looks for one. */
  findRoom() {
    this.screen = "rooms";
    void this.updateComplete.then(() => this.focusSearch());
  }

  focusSearch() {
    const list = /** @type {import("./rooms/room-list.js").RoomList | null} */ (
      this.querySelector("mc-room-list")
    );
    if (list) list.focusSearch();
    else this.focusComposer();
  }

  /** Where the next message is written, or what says why none can be, and what leads to a room. */
  focusComposer() {
    const conversation = /** @type {import("./rooms/conversation.js").Conversation | null} */ (
      this.querySelector("mc-conversation")
    );
    if (!conversation)
      return /** @type {HTMLElement | null} */ (
        this.querySelector("#waiting, .empty button")
      )?.focus();
    const focus = () => (conversation.composer?.textarea ?? conversation.list?.scroller)?.focus();
    if (this.screen === "room") return focus(); // in time for the letter that is being typed
    this.screen = "room";
    void this.updateComplete.then(focus);
  }
}

customElements.define("mc-app", ChatApp);
