import { html } from "lit";
import { unblock } from "../people/blocking.js";
import "../composer/composer.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { icon } from "../lib/icons.js";
import { LastMessage } from "./last-message.js";
import "../messages/message-list.js";
import "./room-header.js";
import { personName, roomName } from "../people/name.js";
import { partner } from "../lib/rooms.js";
import "./typing-line.js";

/** @typedef {import("../messages/message-list.js").MessageList} MessageList */
/** @typedef {import("../composer/composer.js").Composer} Composer */

/** One room: its messages and where the next one is written. Files may be dropped anywhere. */
export class Conversation extends ChatElement {
  static properties = {
    roomId: { type: String },
    drafts: { attribute: false },
    uploads: { attribute: false },
    editing: { state: true },
    dropping: { state: true },
  };

  changes = new ClientEvents(this, ["room", "rooms", "blocked", "people"]);

  constructor() {
    super();
    this.roomId = "";
    /** @type {import("../composer/drafts.js").Drafts} */
    this.drafts = /** @type {any} */ (null);
    /** @type {import("../composer/uploads.js").Uploads} */
    this.uploads = /** @type {any} */ (null);
    /** @type {string | null} the message whose text is being changed */
    this.editing = null;
    /** Whether it was begun before the room was entered: then it does not take the focus. */
    this.isEditKept = false;
    this.dropping = false;
    const last = new LastMessage(this);
    this.listenTo({
      edit: ({ message }) => this.edit(message),
      "edit-last": () => void last.edit(),
      reply: ({ message }) => this.composer?.reply(message),
      "write-again": ({ message }) => this.writeAgain(message),
      "add-files": ({ files }) => this.addToNext(files),
      jump: ({ number }) => void this.list?.jump(number),
      sent: () => void this.list?.jumpToEnd(),
    });
  }

  willUpdate() {
    if (this.hasUpdated) return;
    this.editing = this.drafts.read(this.roomId).editing;
    this.isEditKept = this.editing !== null;
  }

  get list() {
    return /** @type {MessageList | null} */ (this.querySelector("mc-message-list"));
  }

  get composer() {
    return /** @type {Composer | null} */ (this.querySelector("mc-composer"));
  }

  /** @param {import("../../client/types.js").FeedMessage | null} message */
  edit(message) {
    this.editing = message?.id ?? null;
    this.isEditKept = false;
    this.drafts.change(this.roomId, { editing: this.editing });
    if (!message) this.composer?.textarea.focus();
  }

  /** @param {import("../../client/types.js").FeedMessage} message */
  writeAgain(message) {
    if (this.composer) this.composer.writeAgain(message);
    else
      this.tell("said", {
        text: "Nothing can be sent here now. The text stays here, to be copied.",
      });
  }

  /** @param {File[]} files what was pasted into a message that is being changed */
  addToNext(files) {
    this.composer?.addFiles(files);
    this.tell("said", {
      text: "A message that was sent takes no files. They wait in your next one.",
    });
  }

  render() {
    const room = this.client.rooms.get(this.roomId);
    if (!room) return null;
    return html`
      <div
        class="conversation ${this.dropping ? "is-dropping" : ""}"
        @dragenter=${this.onDrag}
        @dragover=${this.onDrag}
        @dragleave=${this.onDragLeave}
        @drop=${this.onDrop}
      >
        <mc-room-header .room=${room}></mc-room-header>
        <mc-message-list
          .roomId=${this.roomId}
          .editing=${this.editing}
        ></mc-message-list>
        <mc-typing-line .roomId=${this.roomId}></mc-typing-line>
        ${this.foot(room)}
        ${this.dropping ? html`<div class="drop-target">Drop files to add them to your message</div>` : null}
      </div>
    `;
  }

  /**
   * Where the next message is written, or why none can be.
   * @param {import("../../protocol.js").Room} room
   */
  foot(room) {
    if (room.closed) {
      return html`<p class="composer-closed">
        ${icon("lock")} This conversation is closed. You can read it; nothing can be sent.
      </p>`;
    }
    const other = partner(this.client, room);
    if (other && this.client.blocked.has(other)) {
      return html`<p class="composer-closed">
        ${icon("block")}
        <span>
          You have blocked ${personName(this.client, other)}: neither of you can write here.
          <button type="button" class="link" @click=${() => this.unblock(other)}>Unblock</button>
        </span>
      </p>`;
    }
    return html`${
      room.kind === "direct" && room.asked?.length
        ? html`<p class="composer-waiting" role="status">
          ${icon("clock")} <span>${roomName(this.client, room)} has been asked, and sees what you
          write when they accept.</span>
        </p>`
        : null
    }<mc-composer
      .room=${room}
      .drafts=${this.drafts}
      .uploads=${this.uploads}
    ></mc-composer>`;
  }

  /** @param {string} other */
  async unblock(other) {
    await unblock(this, other);
    await this.updateComplete;
    await this.composer?.updateComplete;
    this.composer?.textarea.focus();
  }

  /** @param {DragEvent} event */
  onDrag(event) {
    if (!event.dataTransfer?.types.includes("Files") || !this.composer) return;
    event.preventDefault();
    // An editor around this page would otherwise ask for Shift and open the file itself.
    event.stopPropagation();
    this.dropping = true;
  }

  /** @param {DragEvent} event */
  onDragLeave(event) {
    const into = /** @type {Node | null} */ (event.relatedTarget);
    if (!into || !this.contains(into)) this.dropping = false;
  }

  /** @param {DragEvent} event */
  onDrop(event) {
    this.dropping = false;
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    event.preventDefault();
    this.composer?.addFiles(files);
    this.composer?.textarea.focus();
  }
}

customElements.define("mc-conversation", Conversation);
