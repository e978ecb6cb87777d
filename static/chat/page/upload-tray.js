import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { isolated } from "../names.js";
import { ChatElement } from "./element.js";
import { fileNotes } from "./file-notes.js";
import { icon } from "./icons.js";
import { readableSize } from "./sizes.js";

/** The files of a draft, each with how far it is, and what can be done about it. */
export class UploadTray extends ChatElement {
  static properties = { uploads: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./uploads.js").Uploads} */
    this.uploads = /** @type {any} */ (null);
    this.onChange = () => this.requestUpdate();
  }

  /** @param {Map<PropertyKey, any>} changed */
  willUpdate(changed) {
    super.willUpdate(changed);
    if (!changed.has("uploads")) return;
    changed.get("uploads")?.removeEventListener("change", this.onChange);
    this.uploads.addEventListener("change", this.onChange);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.uploads?.removeEventListener("change", this.onChange);
  }

  render() {
    const { list } = this.uploads;
    if (list.length === 0) return null;
    return html`<ul class="uploads" aria-label="Files of this message">
      ${repeat(list, ({ key }) => key, (upload) => this.entry(upload))}
    </ul>`;
  }

  /** @param {import("./uploads.js").Upload} upload */
  entry(upload) {
    const failed = upload.state === "failed";
    const notes = upload.attachment ? fileNotes(upload.attachment) : "";
    const going = upload.state === "sending" || upload.state === "waiting";
    return html`<li class="upload ${failed ? "is-failed" : ""} ${upload.wait ? "is-waiting" : ""}">
      ${icon(failed ? "warning" : upload.state === "done" ? "check" : upload.wait ? "clock" : "file")}
      <span class="upload-words">
        <span class="upload-name" title=${isolated(upload.name)}><bdi>${upload.name}</bdi></span>
        ${failed
          ? html`<span class="upload-error" role="alert">${upload.error}</span>`
          : upload.wait
            ? html`<span class="upload-wait" role="status">${upload.wait}</span>`
          : going
            ? html`<progress
                max=${upload.size || 1}
                value=${upload.sent}
                aria-label="Uploading ${isolated(upload.name)}"
              ></progress>`
            : html`<span class="upload-size">${readableSize(upload.size)}</span>
                ${notes ? html`<span class="upload-notes" role="status">${notes}</span>` : null}`}
      </span>
      ${(failed && upload.file) || upload.wait
        ? html`<button
            type="button"
            class="icon-button is-small"
            aria-label="${failed ? "Retry" : "Try now:"} ${isolated(upload.name)}"
            title=${failed ? "Retry" : "Try now"}
            @click=${() => this.uploads.retry(upload)}
          >
            ${icon("retry")}
          </button>`
        : null}
      <button
        type="button"
        class="icon-button is-small"
        aria-label="${going ? "Cancel" : "Remove"} ${isolated(upload.name)}"
        title=${going ? "Cancel" : "Remove"}
        @click=${() => this.uploads.remove(upload)}
      >
        ${icon("close")}
      </button>
    </li>`;
  }
}

customElements.define("mc-upload-tray", UploadTray);
