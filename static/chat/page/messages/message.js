import { html } from "lit";
import { spokenName } from "../../client/people/names.js";
import { attachmentList } from "./attachments.js";
import { avatar } from "../people/avatar.js";
import { clockTime, fullTime } from "../lib/dates.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import { Fold } from "./fold.js";
import { icon } from "../lib/icons.js";
import { messageActions, quickReactions } from "./message-actions.js";
import { messageLabel } from "./message-label.js";
import { messageState } from "./message-state.js";
import "../lib/menu.js";
import "./message-editor.js";
import "../composer/upload-tray.js";
import { personName } from "../people/name.js";
import { canModerate, canWrite } from "../lib/rooms.js";
import { safeFragment } from "./safe-html.js";
import { sharedCode } from "./shared-code.js";
import "../lib/toolbar.js";

/** @typedef {import("../../client/types.js").FeedMessage} Message */

/** One message, with what can be done about it. */
export class ChatMessage extends ChatElement {
  static properties = {
    message: { attribute: false },
    room: { attribute: false },
    continued: { type: Boolean },
    editing: { type: Boolean },
    active: { state: true },
    revealed: { state: true },
  };

  changes = new ClientEvents(
    this,
    ["people", "state", "blocked"],
    (type) => type !== "state" || isPending(this.message),
  );

  constructor() {
    super();
    /** @type {Message} */
    this.message = /** @type {any} */ (null);
    /** @type {import("../../protocol.js").Room} */
    this.room = /** @type {any} */ (null);
    /** Whether it follows another of the same sender closely, and needs no name of its own. */
    this.continued = false;
    this.editing = false;
    /** Pointed at or focused: only then are its tools in the document. */
    this.active = false;
    /** Shown although its sender is blocked. */
    this.revealed = false;
    this.shownHtml = "";
    this.fold = new Fold(this);
    this.addEventListener("pointerenter", () => (this.active = true));
    this.addEventListener("pointerleave", () => this.relax());
    this.addEventListener("focusin", () => (this.active = true));
    this.addEventListener("focusout", () => setTimeout(() => this.relax()));
    this.listenTo({ "menu-closed": () => setTimeout(() => this.relax()) });
  }

  get mine() {
    return this.message.sender === this.client.me?.username;
  }

  /** The files that can be opened. */
  get uploaded() {
    const { attachments = [], uploading = [] } = this.message;
    return attachments.filter(({ id }) => !uploading.includes(id));
  }

  get gone() {
    return this.message.deleted || this.message.hidden;
  }

  /** What someone who is blocked wrote is there, so that numbers have no holes, and not in sight. */
  get folded() {
    return this.isFromBlocked && !this.revealed;
  }

  get isFromBlocked() {
    return !this.mine && this.client.blocked.has(this.message.sender);
  }

  /** The tools stay while something in them is in use. */
  relax() {
    const inUse =
      this.matches(":hover") ||
      this.contains(document.activeElement) ||
      this.querySelector("[aria-expanded=true]");
    if (!inUse) this.active = false;
  }

  willUpdate() {
    const { message, client } = this;
    const me = client.me?.username ?? "";
    this.setAttribute("role", "article");
    this.setAttribute("aria-label", messageLabel(client, message, { folded: this.folded }));
    this.dataset.number = String(message.number ?? "");
    this.classList.add("message");
    this.classList.toggle("is-continued", this.continued);
    this.classList.toggle("is-unsent", message.state === "sending");
    this.classList.toggle("is-failed", message.state === "failed");
    const callsMe = !this.mine && !this.isFromBlocked && message.mentions?.includes(me);
    this.classList.toggle("mentions-me", Boolean(callsMe));
  }

  render() {
    const { message, client } = this;
    const time = html`<time datetime=${message.created_at} title=${fullTime(message.created_at)}
      >${clockTime(message.created_at)}</time
    >`;
    if (this.folded) {
      return html`
        <div class="message-side"></div>
        <div class="message-main">
          <p class="tombstone">
            Message from someone you blocked ·
            <button type="button" class="link" @click=${() => this.reveal(true)}>Show</button>
          </p>
        </div>
      `;
    }
    return html`
      <div class="message-side">
        ${this.continued ? time : avatar(client, message.sender)}
      </div>
      <div class="message-main">
        ${
          this.continued
            ? null
            : html`<div class="message-head">
              <span class="message-sender">${personName(client, message.sender)}</span>${time}
            </div>`
        }
        ${this.gone ? this.tombstone() : this.content()} ${messageState(client, message, () => this.tell("write-again", { message }))}
        ${
          this.isFromBlocked
            ? html`<button type="button" class="link" @click=${() => this.reveal(false)}>
              Fold this message of someone you blocked
            </button>`
            : null
        }
      </div>
      ${this.active && !this.gone && !this.editing && !isPending(message) ? html`<div class="message-rail">${this.tools()}</div>` : null}
    `;
  }

  /** @param {boolean} revealed */
  async reveal(revealed) {
    this.revealed = revealed;
    await this.updateComplete;
    // The button that was pressed has gone: what is to be read next has the focus.
    this.focus({ preventScroll: true });
  }

  tombstone() {
    return html`<p class="tombstone">
        ${this.message.hidden ? "Removed by a moderator" : "This message was deleted"}
      </p>
      ${this.editing ? this.editor() : null}`;
  }

  editor() {
    return html`<mc-message-editor .message=${this.message}></mc-message-editor>`;
  }

  content() {
    const { message } = this;
    return html`
      ${message.quote ? this.quote(message.quote) : null}
      ${this.editing ? this.editor() : this.body()}
      ${message.code ? sharedCode(message.code, this.host.openCode?.bind(this.host)) : null}
      ${message.edited_at ? this.editedMark() : null}
      ${attachmentList(this.uploaded, (image) => this.openImage(image))}
      ${
        message.uploads?.length
          ? html`<mc-upload-tray .list=${message.uploads}></mc-upload-tray>`
          : null
      }
      ${this.reactions()}
    `;
  }

  body() {
    const { isLong, isFolded } = this.fold;
    return html`<div class="fold ${isFolded ? "is-folded" : ""} ${isLong ? "is-long" : ""}">
      <div class="message-body" @click=${this.onBodyClick}></div>
      ${
        isLong
          ? html`<button
            type="button"
            class="fold-button"
            aria-expanded=${!isFolded}
            @click=${() => this.fold.set(!isFolded)}
          >
            ${icon(isFolded ? "arrow-down" : "arrow-up")} ${isFolded ? "Show more" : "Show less"}
          </button>`
          : null
      }
    </div>`;
  }

  /** @param {NonNullable<Message["quote"]>} quote */
  quote(quote) {
    return html`<button
      type="button"
      class="quote"
      title="Go to this message"
      @click=${() => this.tell("jump", { number: quote.number })}
    >
      <span class="quote-sender">${personName(this.client, quote.sender)}</span>
      <span class="quote-body" dir="auto">${this.quoted(quote)}</span>
    </button>`;
  }

  /** @param {NonNullable<Message["quote"]>} quote */
  quoted(quote) {
    if (this.client.blocked.has(quote.sender)) return "A message from someone you blocked";
    return quote.body || "A file or a deleted message";
  }

  editedMark() {
    const { message } = this;
    const title = `Edited ${fullTime(/** @type {string} */ (message.edited_at))}`;
    return canModerate(this.room)
      ? html`<button
          type="button"
          class="edited"
          title="${title}. Show earlier versions"
          @click=${() => this.tell("show-revisions", { message })}
        >
          edited
        </button>`
      : html`<span class="edited" title=${title}>edited</span>`;
  }

  reactions() {
    const reactions = Object.entries(this.message.reactions ?? {}).filter(([, who]) => who.length);
    if (reactions.length === 0) return null;
    const me = this.client.me?.username ?? "";
    const writes = canWrite(this.client, this.room);
    return html`<div class="reactions" role="group" aria-label="Reactions">
      ${reactions.map(([emoji, who]) => {
        const on = who.includes(me);
        const names = who.map((name) => (name === me ? "You" : spokenName(this.client, name)));
        return html`<button
          type="button"
          class="reaction"
          aria-pressed=${on}
          aria-disabled=${!writes}
          title=${names.join(", ")}
          aria-label="${emoji} ${who.length}: ${names.join(", ")}"
          @click=${() => writes && this.react(emoji, !on)}
        >
          <span class="reaction-emoji">${emoji}</span> ${who.length}
        </button>`;
      })}
    </div>`;
  }

  tools() {
    return html`<mc-toolbar class="message-tools" aria-label="Message actions" @keydown=${this.onToolKey}>
      ${canWrite(this.client, this.room) ? this.writingTools() : null}
      <mc-menu label="More actions" .items=${messageActions(this)}></mc-menu>
    </mc-toolbar>`;
  }

  /** @param {KeyboardEvent} event */
  onToolKey(event) {
    if (event.key !== "Escape" || /** @type {Element} */ (event.target).closest("[role=menu]"))
      return;
    event.stopPropagation();
    this.focus({ preventScroll: true });
  }

  writingTools() {
    return html`${quickReactions.map(
      (emoji) => html`<button
          type="button"
          class="icon-button is-emoji"
          aria-label="React with ${emoji}"
          @click=${() => this.react(emoji, true)}
        >
          ${emoji}
        </button>`,
    )}
      <button
        type="button"
        class="icon-button"
        aria-label="Choose a reaction"
        title="React"
        @click=${this.pickReaction}
      >
        ${icon("smile")}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Reply"
        title="Reply"
        @click=${() => this.tell("reply", { message: this.message })}
      >
        ${icon("reply")}
      </button>`;
  }

  updated() {
    const body = this.querySelector(".message-body");
    if (!body) {
      this.shownHtml = "";
      return;
    }
    const { message } = this;
    const shown = message.html ? `html:${message.html}` : `text:${message.body}`;
    if (shown === this.shownHtml && body.hasChildNodes()) return;
    this.shownHtml = shown;
    body.classList.toggle("plain-text", !message.html);
    body.setAttribute("dir", "auto");
    if (message.html) body.replaceChildren(safeFragment(message.html));
    else body.textContent = message.body;
    this.drawMentions(body);
  }

  /**
   * Draws as mentions those that call somebody. The HTML of old messages has others, too.
   * @param {Element} body
   */
  drawMentions(body) {
    const me = this.client.me?.username;
    for (const mention of body.querySelectorAll(".mention")) {
      const named = mention.getAttribute("data-username") ?? "";
      if (this.message.mentions?.includes(named)) mention.classList.toggle("is-me", named === me);
      else mention.replaceWith(mention.textContent ?? "");
    }
  }

  /** @param {MouseEvent} event */
  async onBodyClick(event) {
    const target = /** @type {Element} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (target.closest(".copy-code"));
    if (!button) return;
    const code = button.parentElement?.querySelector("pre")?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(code);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C";
      getSelection()?.selectAllChildren(/** @type {Node} */ (button.previousElementSibling));
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }

  /** @param {Event} event */
  pickReaction(event) {
    const beside = /** @type {HTMLElement} */ (event.currentTarget);
    const chosen = (/** @type {string} */ emoji) => this.react(emoji, true);
    this.tell("pick-emoji", { beside, chosen });
  }

  /**
   * @param {string} emoji
   * @param {boolean} on
   */
  react(emoji, on) {
    this.client
      .send({ type: "message.react", message: this.message.id, emoji, on })
      .catch((error) => this.tellRefusal(error));
  }

  /** @param {import("../../protocol.js").Attachment} image */
  openImage(image) {
    this.tell("open-image", { image, attachments: this.message.attachments });
  }
}

/** @param {Message} message */
const isPending = (message) => message.state === "sending" || message.state === "failed";

customElements.define("mc-message", ChatMessage);
