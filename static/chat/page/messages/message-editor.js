import { html } from "lit";
import { refusal } from "../lib/dialog.js";
import { ChatElement } from "../lib/element.js";
import { paste } from "../composer/paste.js";
import { LimitLine } from "../composer/limit-line.js";
import { MentionCompletion } from "../composer/mention-completion.js";
import { canWrite } from "../lib/rooms.js";
import { asWritten, fitToText } from "../lib/textarea.js";
import { waitWords } from "../lib/waits.js";
import { codeHint, isTouch, WritingKeys } from "../composer/writing-keys.js";

/**
 * The open room around the messages, as far as an editor needs it.
 * @typedef {HTMLElement & {
 *   drafts: import("../composer/drafts.js").Drafts,
 *   roomId: string,
 *   isEditKept: boolean,
 *   composer: import("../composer/composer.js").Composer | null,
 * }} Conversation
 */

/** Changes the text of one's own message, where it stands. */
export class MessageEditor extends ChatElement {
  static properties = {
    message: { attribute: false },
    error: { state: true },
    wait: { state: true },
    saving: { state: true },
    inCode: { state: true },
  };

  static follows = ["people", "presence", "room", "blocked"];

  constructor() {
    super();
    /** @type {import("../../protocol.js").Message} */
    this.message = /** @type {any} */ (null);
    /** @type {import("../composer/drafts.js").Drafts} */
    this.drafts = /** @type {any} */ (null);
    this.error = "";
    /** Why the text is not saved yet. */
    this.wait = "";
    /** @type {AbortController | null} what is being saved */
    this.saving = null;
    /** Whether Enter makes a new line, because a block of code is open. */
    this.inCode = false;
    this.mentions = new MentionCompletion(this);
    this.keys = new WritingKeys();
    this.limit = new LimitLine(this);
  }

  get room() {
    return this.client.rooms.get(this.message.room);
  }

  /** Whether somebody deleted the message meanwhile. What was written is not lost with it. */
  get isGone() {
    return this.message.deleted || this.message.hidden;
  }

  /** Whether the server would take the text now. */
  get isTaken() {
    return (
      this.room !== undefined &&
      canWrite(this.client, this.room) &&
      !this.isGone &&
      !this.limit.isTooLong
    );
  }

  get conversation() {
    return /** @type {Conversation} */ (this.closest("mc-conversation"));
  }

  get textarea() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
  }

  firstUpdated() {
    const { drafts, roomId, isEditKept } = this.conversation;
    this.drafts = drafts;
    const kept = drafts.read(roomId).edits[this.message.id];
    if (this.isGone && !kept) return this.cancel();
    this.textarea.value = kept ?? this.message.body;
    this.textChanged();
    if (!isEditKept) this.textarea.focus();
  }

  render() {
    return html`
      <textarea
        class="input editor-text"
        dir="auto"
        aria-label="Edit message"
        rows="1"
        aria-autocomplete="list"
        aria-controls=${this.mentions.id}
        aria-activedescendant=${this.mentions.activeId}
        @input=${this.onInput}
        @keydown=${this.onKey}
        @paste=${this.onPaste}
        @blur=${() => this.mentions.close()}
      ></textarea>
      ${this.mentions.render()} ${this.limit.render()} ${this.inCode ? codeHint("Ctrl+Enter saves, Escape cancels.") : null}
      <div class="editor-actions">${this.isGone ? this.waysOut() : this.ways()}</div>
      ${this.wait ? html`<p class="dialog-wait" role="status">${this.wait}</p>` : null}
      ${this.error ? html`<p class="dialog-error" role="alert">${this.error}</p>` : null}
    `;
  }

  ways() {
    const isWaiting = this.saving !== null || !this.isTaken;
    return html`
      <button type="button" class="button is-primary is-small" ?disabled=${isWaiting} @click=${this.save}>Save</button>
      <button type="button" class="button is-small" @click=${this.cancel}>Cancel</button>
      ${isTouch() || this.inCode ? null : html`<span class="hint">Enter saves, Escape cancels</span>`}
    `;
  }

  waysOut() {
    return html`
      <button type="button" class="button is-primary is-small" @click=${this.writeAnew}>Write it as a new message</button>
      <button type="button" class="button is-small" @click=${this.cancel}>Cancel</button>
    `;
  }

  writeAnew() {
    const { composer } = this.conversation;
    const { value } = this.textarea;
    if (!composer)
      return this.tell("said", { text: "Nothing can be sent here now. Copy the text." });
    this.cancel();
    composer.addText(value);
  }

  onInput() {
    this.textChanged();
    this.keep(this.textarea.value === this.message.body ? null : this.textarea.value);
    this.mentions.look();
  }

  /** Keeps what is written over a change of the room and a reload. @param {string | null} body null: nothing */
  keep(body) {
    this.drafts.keepEdit(this.message.room, this.message.id, body);
  }

  textChanged() {
    fitToText(this.textarea);
    this.limit.look(this.textarea.value);
    this.inCode = this.keys.areInCode(this.textarea);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    if (this.mentions.onKey(event) || this.keys.onKey(event, this.textarea)) return;
    if (this.keys.finishes(event, this.textarea)) {
      event.preventDefault();
      void this.save();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.cancel();
    }
  }

  /** @param {ClipboardEvent} event */
  onPaste(event) {
    const files = paste(event, this.textarea);
    if (files.length > 0) this.tell("add-files", { files });
  }

  /** The answer may be lost and the text saved all the same: then there is nothing left to do here. */
  updated() {
    const isSaved =
      (this.saving || this.error) && asWritten(this.textarea.value) === this.message.body;
    if (isSaved) this.cancel();
  }

  /** Closes the editor. What is not saved yet is not tried again. */
  cancel() {
    this.saving?.abort();
    this.saving = null;
    this.drafts.endEdit(this.message.room, this.message.id);
    this.tell("edit", { message: null });
  }

  async save() {
    const body = asWritten(this.textarea.value);
    if (!this.isTaken) return;
    if (body === this.message.body) return this.cancel();
    // Enter saves also while an earlier text waits: that one is not tried again.
    const saving = (this.saving = new AbortController());
    Object.assign(this, { error: "", wait: "" });
    try {
      await this.client.send(
        { type: "message.edit", message: this.message.id, body },
        {
          signal: saving.signal,
          onWait: (error) => this.saving === saving && (this.wait = waitWords(error)),
        },
      );
      if (this.saving !== saving) return;
      if (this.isConnected) this.cancel();
      else this.drafts.endEdit(this.message.room, this.message.id);
    } catch (error) {
      if (this.saving !== saving) return;
      Object.assign(this, { saving: null, wait: "" });
      if (this.isConnected) this.error = refusal(error);
      else this.tellRefusal(error);
    }
  }
}

customElements.define("mc-message-editor", MessageEditor);
