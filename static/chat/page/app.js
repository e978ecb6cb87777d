import { ContextProvider } from "@lit/context";
import { html } from "lit";
import { keyed } from "lit/directives/keyed.js";
import "./lib/composition.js";
import { pageContext } from "./lib/context.js";
import { ClientEvents } from "./lib/client-events.js";
import { refusal } from "./lib/dialog.js";
import { ChatElement } from "./lib/element.js";
import { icon, mark } from "./lib/icons.js";
import { closePopovers } from "./lib/popover.js";
import { waiting } from "./lib/rooms.js";
import "./emoji/emoji-picker.js";
import { Drafts } from "./composer/drafts.js";
import { RoomUploads } from "./composer/room-uploads.js";
import "./rooms/conversation.js";
import { KeptView } from "./rooms/kept-view.js";
import "./rooms/requests.js";
import { RoomChoice } from "./rooms/room-choice.js";
import { RoomLinks } from "./rooms/room-links.js";
import "./rooms/room-list.js";
import "./rooms/room-offer.js";
import "./unsent/unsent.js";
import "./unsent/waiting.js";
import { Dialogs } from "./dialogs/dialogs.js";
import "./shell/account-menu.js";
import { Announcer } from "./shell/announcer.js";
import "./shell/connection-line.js";
import { banned, choose, signedOut, welcome } from "./shell/empty-states.js";
import { LostRoom } from "./shell/lost-room.js";
import { PageKeys } from "./shell/page-keys.js";
import "./shell/restored-line.js";
import { Toast } from "./shell/toast.js";

/** @typedef {import("./rooms/conversation.js").Conversation} Conversation */

/** The whole page: the rooms on one side, the conversation on the other, dialogs above. */
export class ChatApp extends ChatElement {
  static properties = {
    roomId: { state: true },
    screen: { state: true },
  };

  changes = new ClientEvents(this, ["state", "rooms", "room", "messages", "people"]);

  constructor() {
    super();
    this.given = new ContextProvider(this, { context: pageContext });
    this.roomId = "";
    /** @type {"rooms" | "room"} which of the two is seen where there is room for one */
    this.screen = "rooms";
    /** @type {Drafts | null} */
    this.drafts = null;
    /** @type {RoomUploads | null} */
    this.uploads = null;
    /** @type {KeptView | null} */
    this.keptView = null;
    this.toast = new Toast(this);
    this.dialogs = new Dialogs(this);
    this.announcer = new Announcer(this);
    this.choice = new RoomChoice(this);
    this.lostRoom = new LostRoom(this);
    new RoomLinks(this);
    new PageKeys(this);
    this.listenTo({
      "open-room": ({ room }) => void this.openRoom(room),
      "show-rooms": () => void this.showRooms(),
      "put-away": ({ room }) => void this.putAway(room),
      "pick-emoji": ({ beside, chosen }) => this.pickEmoji(beside, chosen),
      refused: (error) => this.say(refusal(error)),
      said: ({ text }) => this.say(text),
      "focus-search": () => this.focusSearch(),
      "focus-composer": () => this.focusComposer(),
    });
  }

  /**
   * Begins, once it is known where the page is shown and who connects it.
   * @param {import("./lib/context.js").Given} given
   */
  start(given) {
    Object.assign(this, given);
    this.given.setValue(given);
    this.changes.hostConnected();
    this.choice.hostConnected();
    this.announcer.follow(given.client);
    this.lostRoom.follow(given.client);
    const { lastView } = given.host;
    if (lastView) this.keptView = new KeptView(this, lastView);
    this.requestUpdate();
  }

  shouldUpdate() {
    return this.client !== undefined;
  }

  get room() {
    return this.client.rooms.get(this.roomId);
  }

  /** Whether the page lists the rooms; an editor does so itself, beside the page. */
  get listsRooms() {
    return !this.host.showRooms;
  }

  willUpdate() {
    const { client, host } = this;
    if (!client.me) return;
    if (!this.drafts) {
      this.drafts = new Drafts(client.me.id, host);
      this.uploads = new RoomUploads(client, this.drafts);
      this.choice.begin();
      this.keptView?.begin();
    }
    if (this.roomId && !this.room && client.state === "online") {
      this.lostRoom.say(this.roomId);
      this.roomId = "";
      this.screen = "rooms";
    }
  }

  updated() {
    const count = waiting(this.client);
    document.title = `${count > 0 ? `(${count}) ` : ""}Media Chat`;
  }

  render() {
    if (this.client.state === "signed_out") return signedOut(this.host.signInAddress());
    if (this.client.state === "banned") return banned();
    const { listsRooms } = this;
    return html`
      <main class="app ${listsRooms ? "" : "is-one-room"}" data-screen=${listsRooms ? this.screen : "room"}>
        <h1 class="visually-hidden">Media Chat</h1>
        <div class="app-lines">
          <mc-connection-line></mc-connection-line>
          <mc-restored-line></mc-restored-line>
        </div>
        ${listsRooms ? this.sidebar() : null}
        <div class="content">
          ${listsRooms ? null : asked()}
          ${this.content()}
        </div>
        ${this.announcer.render()} ${this.toast.render()}
      </main>
      ${this.dialogs.render()}
      <mc-emoji-picker></mc-emoji-picker>
    `;
  }

  sidebar() {
    return html`<div class="sidebar">
      <div class="brand">
        ${mark()}
        <span class="brand-name">Media Chat</span>
        <button type="button" class="button is-primary is-small" @click=${() => this.tell("start-chat", {})}>
          ${icon("plus")} Start chat
        </button>
      </div>
      ${asked()}
      <mc-room-list .current=${this.roomId}></mc-room-list>
      <mc-account-menu></mc-account-menu>
    </div>`;
  }

  content() {
    const { client, room } = this;
    if (room) {
      // Drawn anew in another history, too: what it was about may not be there.
      return keyed(
        `${client.epoch} ${room.id}`,
        html`<mc-conversation
          .roomId=${room.id}
          .drafts=${this.drafts}
          .uploads=${this.uploads?.of(room.id)}
        ></mc-conversation>`,
      );
    }
    if (!client.me) return html`<mc-waiting></mc-waiting>`;
    const { offer } = this.choice;
    if (offer) return html`<mc-room-offer .room=${offer}></mc-room-offer>`;
    return client.rooms.size === 0
      ? welcome(client.me, (tab) => this.tell("start-chat", { tab }))
      : choose(this.listsRooms ? null : () => void this.showRooms());
  }

  get conversation() {
    return /** @type {Conversation | null} */ (this.querySelector("mc-conversation"));
  }

  /**
   * @param {string} roomId
   * @param {{isNamed?: boolean, number?: number | null, focus?: boolean}} [options] whether the address
   *   bar follows, the message to show, and whether one goes on to write
   */
  async openRoom(roomId, { isNamed = true, number = null, focus = true } = {}) {
    if (!roomId) return;
    this.roomId = roomId;
    this.screen = "room";
    this.dialogs.close();
    this.choice.opened(roomId, { isNamed });
    await this.updateComplete;
    const { conversation } = this;
    await conversation?.updateComplete;
    if (number !== null) return void conversation?.list?.jump(number);
    // On a touch screen the focus would bring up the keyboard over what is to be read.
    if (focus && matchMedia("(pointer: fine)").matches) conversation?.composer?.textarea?.focus();
  }

  async showRooms() {
    if (this.host.showRooms) return this.host.showRooms();
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
    this.host.addressBar?.clear();
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
    this.toast.say(words);
  }

  /** Closes what is open over the page and would stay so, since no pointer and no key has closed it. */
  closePopovers() {
    closePopovers(this);
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
    const { conversation } = this;
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

/** What waits for an answer of the person, in whatever room they are. */
const asked = () => html`<mc-unsent></mc-unsent> <mc-requests></mc-requests>`;

customElements.define("mc-app", ChatApp);
