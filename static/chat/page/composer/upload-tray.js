import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { tooLarge } from "../../client/lib/limits.js";
import { isolated } from "../../client/people/names.js";
import { ChatElement } from "../lib/element.js";
import { fileNotes } from "./file-notes.js";
import { icon } from "../lib/icons.js";
import { readableSize } from "../lib/sizes.js";
import { waitWords } from "../lib/waits.js";

/** @typedef {import("../../client/uploads/file-upload.js").FileUpload} FileUpload */

/**
 * The files of a message that is not sent yet, each with how far it is, and what can be done about it.
 * Tells `remove-upload` where they are `removable`.
 */
export class UploadTray extends ChatElement {
  static properties = { list: { attribute: false }, removable: { type: Boolean } };

  constructor() {
    super();
    /** @type {FileUpload[]} */
    this.list = [];
    this.removable = false;
    this.onChange = () => this.requestUpdate();
  }

  /** @param {Map<PropertyKey, any>} changed */
  willUpdate(changed) {
    if (!changed.has("list")) return;
    for (const upload of changed.get("list") ?? [])
      upload.removeEventListener("change", this.onChange);
    for (const upload of this.list) upload.addEventListener("change", this.onChange);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const upload of this.list) upload.removeEventListener("change", this.onChange);
  }

  render() {
    if (this.list.length === 0) return null;
    return html`<ul class="uploads" aria-label="Files of this message">
      ${repeat(
        this.list,
        ({ key }) => key,
        (upload) => this.entry(upload),
      )}
    </ul>`;
  }

  /** @param {FileUpload} upload */
  entry(upload) {
    const failed = upload.state === "failed";
    const { wait } = upload;
    const look = failed ? "warning" : upload.state === "done" ? "check" : wait ? "clock" : "file";
    return html`<li class="upload ${failed ? "is-failed" : ""} ${wait ? "is-waiting" : ""}">
      ${icon(look)}
      <span class="upload-words">
        <span class="upload-name" title=${isolated(upload.name)}><bdi>${upload.name}</bdi></span>
        ${progress(upload)}
      </span>
      ${
        canRetry(upload, this.client.limits)
          ? html`<button
            type="button"
            class="icon-button is-small"
            aria-label="${failed ? "Retry" : "Try now:"} ${isolated(upload.name)}"
            title=${failed ? "Retry" : "Try now"}
            @click=${() => upload.retry()}
          >
            ${icon("retry")}
          </button>`
          : null
      }
      ${this.removable ? this.removal(upload) : null}
    </li>`;
  }

  /** @param {FileUpload} upload */
  removal(upload) {
    const word = upload.isUnfinished ? "Cancel" : "Remove";
    return html`<button
      type="button"
      class="icon-button is-small"
      aria-label="${word} ${isolated(upload.name)}"
      title=${word}
      @click=${() => this.tell("remove-upload", { upload })}
    >
      ${icon("close")}
    </button>`;
  }
}

/** @param {FileUpload} upload */
function progress(upload) {
  if (upload.state === "failed")
    return html`<span class="upload-error" role="alert">${reason(upload)}</span>`;
  if (upload.wait)
    return html`<span class="upload-wait" role="status">${waitWords(upload.wait)}</span>`;
  if (!upload.isUnfinished) {
    const notes = upload.attachment ? fileNotes(upload.attachment) : "";
    return html`<span class="upload-size">${readableSize(upload.size)}</span>
      ${notes ? html`<span class="upload-notes" role="status">${notes}</span>` : null}`;
  }
  return html`<progress
    max=${upload.size || 1}
    value=${upload.sent}
    aria-label="Uploading ${isolated(upload.name)}"
  ></progress>`;
}

/** @param {FileUpload} upload */
function reason({ error }) {
  if (error?.code === "network")
    return "The server was not reached. It is tried again when the connection is back.";
  return error?.detail || "The upload failed. Retry it.";
}

/**
 * @param {FileUpload} upload
 * @param {import("../../protocol.js").Limits} limits
 */
function canRetry({ state, wait, file }, limits) {
  return wait !== null || (state === "failed" && file !== null && !tooLarge(file, limits));
}

customElements.define("mc-upload-tray", UploadTray);
