import { html } from "lit";
import { refusal } from "../lib/dialog.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { canWrite } from "../lib/rooms.js";
import { waitWords } from "../lib/waits.js";
import { WritingField } from "../composer/writing-field.js";
import { isTouch } from "../composer/writing-keys.js";

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
  };

  changes = new ClientEvents(this, ["people", "presence", "room", "blocked"]);

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
    this.field = new WritingField(this, {
      changed: () => {},
      input: () => this.onInput(),
      finish: () => void this.save(),
      files: (files) => this.tell("add-files", { files }),
      key: (event) => this.onKey(event),
      keepsKeys: true,
    });
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
      !this.field.limit.isTooLong
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
    this.field.set(kept ?? this.message.body);
    if (!isEditKept) this.textarea.focus();
  }

  render() {
    return html`
      ${this.field.render({ look: "input editor-text", label: "Edit message" })}
      ${this.field.notes({ inCode: "Ctrl+Enter saves, Escape cancels." })}
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
      ${isTouch() || this.field.inCode ? null : html`<span class="hint">Enter saves, Escape cancels</span>`}
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
    this.keep(this.textarea.value === this.message.body ? null : this.textarea.value);
  }

  /** Keeps what is written over a change of the room and a reload. @param {string | null} body null: nothing */
  keep(body) {
    this.drafts.keepEdit(this.message.room, this.message.id, body);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.cancel();
  }

  /** The answer may be lost and the text saved all the same: then there is nothing left to do here. */
  updated() {
    const isSaved = (this.saving || this.error) && this.field.written === this.message.body;
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
    const body = this.field.written;
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
