import { html } from "lit";
import { fullTime } from "../lib/dates.js";
import { ChatDialog } from "../lib/dialog.js";

/** What a message said before its edits; for the room's moderators. */
export class RevisionsDialog extends ChatDialog {
  static properties = { message: { attribute: false }, revisions: { state: true } };

  constructor() {
    super();
    /** @type {import("../../protocol.js").Message} */
    this.message = /** @type {any} */ (null);
    /** @type {{body: string, replaced_at: string}[] | null} */
    this.revisions = null;
  }

  get heading() {
    return "Earlier versions";
  }

  async firstUpdated() {
    super.firstUpdated();
    const reply = await this.reading.ask({ type: "message.revisions", message: this.message.id });
    this.revisions = reply?.revisions ?? [];
  }

  content() {
    return html`<ol class="revisions">
      ${this.revisions?.map(
        (revision) => html`<li>
          <time datetime=${revision.replaced_at}>Until ${fullTime(revision.replaced_at)}</time>
          <p class="plain-text" dir="auto">${revision.body}</p>
        </li>`,
      )}
    </ol>`;
  }
}

customElements.define("mc-revisions", RevisionsDialog);
