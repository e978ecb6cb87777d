import { html } from "lit";
import { quoteOf } from "../../client/message-log/quotes.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { spokenTitle } from "../lib/rooms.js";
import { icon } from "../lib/icons.js";
import { textFile } from "./limit-line.js";
import { personName } from "../people/name.js";
import { insertText, isInvisible } from "../lib/textarea.js";
import "../lib/toolbar.js";
import "./upload-tray.js";
import { WritingField } from "./writing-field.js";
import { isTouch } from "./writing-keys.js";

/** @typedef {import("../../protocol.js").Message} Message */

const FAILED = "A file was not uploaded. Retry or remove it, then send.";
const LEFT_OUT = "Sent without the file that the server does not keep.";

/** Where a message is written. What is in it is kept over reloads, until it is sent. */
export class Composer extends ChatElement {
  static properties = {
    room: { attribute: false },
    drafts: { attribute: false },
    uploads: { attribute: false },
    replyTo: { state: true },
    empty: { state: true },
    notice: { state: true },
  };

  changes = new ClientEvents(
    this,
    ["people", "presence", "messages"],
    (type, { room }) => type !== "messages" || (this.replyTo !== null && room === this.room.id),
  );

  constructor() {
    super();
    /** @type {import("../../protocol.js").Room} */
    this.room = /** @type {any} */ (null);
    /** @type {import("./drafts.js").Drafts} */
    this.drafts = /** @type {any} */ (null);
    /** @type {import("./uploads.js").Uploads} */
    this.uploads = /** @type {any} */ (null);
    /** @type {Message | null} */
    this.replyTo = null;
    this.empty = true;
    this.notice = "";
    this.field = new WritingField(this, {
      changed: () => (this.empty = isInvisible(this.textarea.value)),
      input: () => this.onInput(),
      finish: () => this.send(),
      files: (files) => this.addFiles(files),
      key: (event) => this.onKey(event),
    });
    this.onUploads = () => this.uploadsChanged();
  }

  /** What is replied to, as it reads now; as it was where that is not loaded. */
  get repliedTo() {
    const { replyTo } = this;
    if (!replyTo) return null;
    return this.client.feed(this.room.id).messages.find(({ id }) => id === replyTo.id) ?? replyTo;
  }

  get textarea() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
  }

  firstUpdated() {
    this.show(this.drafts.read(this.room.id));
    if (this.uploads.failed) this.notice = FAILED;
    this.uploads.addEventListener("change", this.onUploads);
    void this.adopt();
  }

  /** @param {import("./drafts.js").Draft} draft */
  show(draft) {
    this.replyTo = draft.replyTo;
    if (this.uploads.list.length === 0) this.uploads.restore(draft);
    this.field.set(draft.body);
  }

  /** What a tab that was closed left here is written on. */
  async adopt() {
    const draft = await this.drafts.adopt(this.room.id);
    if (draft && this.isConnected) this.show(draft);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.uploads.removeEventListener("change", this.onUploads);
  }

  render() {
    const title = spokenTitle(this.client, this.room);
    const { repliedTo } = this;
    const sendable = !this.field.limit.isTooLong && (!this.empty || this.uploads.hasSome);
    return html`<form class="composer" aria-label="New message" @submit=${this.onSubmit}>
      ${repliedTo ? this.replyLine(repliedTo) : null}
      <mc-upload-tray
        .list=${this.uploads.list}
        removable
        @remove-upload=${this.onRemove}
      ></mc-upload-tray>
      ${this.notice ? html`<p class="composer-notice" role="status">${this.notice}</p>` : null}
      ${this.field.notes({
        inCode: "Ctrl+Enter sends. Escape, then Tab leaves.",
        sendAsFile: () => this.sendAsFile(),
      })}
      <div class="composer-row">
        <input
          type="file"
          class="composer-file"
          multiple
          tabindex="-1"
          aria-hidden="true"
          @change=${this.onFiles}
        />
        ${this.field.render({
          look: "composer-text",
          label: `Message ${title}`,
          placeholder: `Message ${title}`,
        })}
        <mc-toolbar class="composer-tools" aria-label="Add to the message">
          <button
            type="button"
            class="icon-button"
            aria-label="Attach files"
            title="Attach files"
            @click=${() => /** @type {HTMLElement} */ (this.querySelector(".composer-file")).click()}
          >
            ${icon("paperclip")}
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Insert an emoji"
            title="Insert an emoji"
            @click=${this.onEmoji}
          >
            ${icon("smile")}
          </button>
        </mc-toolbar>
        <button class="send-button" aria-label="Send" title=${isTouch() ? "Send" : "Send (Enter)"} ?disabled=${!sendable}>
          ${icon("send")}
        </button>
      </div>
    </form>`;
  }

  /** @param {Message} message */
  replyLine(message) {
    return html`<div class="composer-reply">
      ${icon("reply")}
      <span class="composer-reply-words">
        Reply to <strong>${personName(this.client, message.sender)}</strong>
        <span class="composer-reply-body" dir="auto">${quoteOf(message).body || (message.deleted ? "a deleted message" : "a file")}</span>
      </span>
      <button
        type="button"
        class="icon-button is-small"
        aria-label="Do not reply to this message"
        @click=${() => this.reply(null)}
      >
        ${icon("close")}
      </button>
    </div>`;
  }

  /** @param {Message | null} message */
  reply(message) {
    this.replyTo = message;
    this.keep();
    this.textarea.focus();
  }

  /** Puts text before what is written already. @param {string} text */
  addText(text) {
    const { textarea } = this;
    insertText(
      textarea,
      [text, textarea.value].filter(Boolean).join("\n\n"),
      0,
      textarea.value.length,
    );
  }

  /**
   * Takes the text of an unsent message back, before what is being written.
   * @param {import("../../client/types.js").FeedMessage} message
   */
  writeAgain(message) {
    const repliedTo = this.client
      .feed(this.room.id)
      .messages.find(({ id }) => id === message.reply_to);
    this.addText(message.body);
    this.reply(this.replyTo ?? repliedTo ?? null);
    const { attachments, uploads } = this.client.takeBack(message.client_id);
    this.uploads.restore({ attachments, files: [] });
    this.uploads.put(uploads);
  }

  /**
   * @param {Iterable<File>} files
   * @returns {boolean} false when some were left out
   */
  addFiles(files) {
    const all = this.uploads.add(files);
    const { attachments } = this.client.limits;
    this.notice = all
      ? ""
      : `A message holds ${attachments} files. Send the others with the next one.`;
    return all;
  }

  onInput() {
    this.keep();
    if (!this.empty) this.client.sayTyping(this.room.id);
  }

  keep() {
    this.drafts.change(this.room.id, { body: this.textarea.value, replyTo: this.replyTo });
  }

  uploadsChanged() {
    if (this.notice === FAILED && !this.uploads.failed) this.notice = "";
    if (this.notice === LEFT_OUT && this.uploads.list.length === 0) this.notice = "";
    this.requestUpdate();
  }

  /** @param {import("../lib/events.js").PageEvent<"remove-upload">} event */
  onRemove({ detail }) {
    this.uploads.remove(detail.upload);
    if (!isTouch()) this.textarea.focus(); // the button that had the focus has gone
  }

  /** @param {Event} event */
  onSubmit(event) {
    event.preventDefault();
    this.send();
  }

  /** Nothing is sent without what belongs to it: the message waits for files on their way. */
  send() {
    const body = this.field.written;
    if (this.uploads.failed) {
      this.notice = FAILED;
      return;
    }
    if (this.field.limit.isTooLong || (this.empty && !this.uploads.hasSome)) return;
    this.client.sendMessage(this.room.id, {
      body,
      attachments: this.uploads.take(),
      replyTo: this.repliedTo,
    });
    this.replyTo = null;
    this.notice = this.uploads.list.length > 0 ? LEFT_OUT : "";
    this.field.set("");
    this.keep();
    this.tell("sent");
  }

  /** Sends what is too long for a message, with the files that are here. */
  sendAsFile() {
    if (!this.addFiles([textFile(this.field.written)])) return;
    insertText(this.textarea, "", 0, this.textarea.value.length);
    this.send();
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key === "ArrowUp" && this.textarea.value === "") {
      event.preventDefault();
      this.tell("edit-last");
    } else if (event.key === "Escape" && this.replyTo) {
      event.preventDefault();
      this.reply(null);
    }
  }

  /** @param {Event} event */
  onFiles(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    this.addFiles([...(input.files ?? [])]);
    this.textarea.focus();
    input.value = "";
  }

  /** @param {Event} event */
  onEmoji(event) {
    const beside = /** @type {HTMLElement} */ (event.currentTarget);
    const chosen = (/** @type {string} */ emoji) => this.insert(emoji);
    this.tell("pick-emoji", { beside, chosen });
  }

  /** @param {string} text */
  insert(text) {
    insertText(this.textarea, text);
  }
}

customElements.define("mc-composer", Composer);
