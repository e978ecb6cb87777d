import { html } from "lit";
import { isImage } from "../messages/attachments.js";
import "./blocked-people.js";
import "./confirm.js";
import "./lightbox.js";
import "./profile.js";
import "./report.js";
import "./revisions.js";
import "./room-details.js";
import "./shortcuts-dialog.js";
import "./start-chat.js";
import "./unsent-dialog.js";

/**
 * The dialog that the person asked for.
 * @param {import("../../client.js").ChatClient} client
 * @param {{name: string, detail: any}} asked
 */
export function dialogFor(client, { name, detail }) {
  switch (name) {
    case "start-chat":
      return html`<mc-start-chat
        .client=${client}
        .tab=${detail.tab ?? "person"}
        .query=${detail.query ?? ""}
      ></mc-start-chat>`;
    case "show-details":
      return html`<mc-room-details .client=${client} .roomId=${detail.room.id}></mc-room-details>`;
    case "show-revisions":
      return html`<mc-revisions .client=${client} .message=${detail.message}></mc-revisions>`;
    case "report":
      return html`<mc-report .client=${client} .message=${detail.message}></mc-report>`;
    case "confirm":
      return html`<mc-confirm .client=${client} .question=${detail}></mc-confirm>`;
    case "open-image":
      return html`<mc-lightbox
        .client=${client}
        .image=${detail.image}
        .images=${detail.attachments.filter(isImage)}
      ></mc-lightbox>`;
    case "show-blocked":
      return html`<mc-blocked-people .client=${client}></mc-blocked-people>`;
    case "show-unsent":
      return html`<mc-unsent-dialog .client=${client}></mc-unsent-dialog>`;
    case "show-shortcuts":
      return html`<mc-shortcuts .client=${client} .withCtrl=${detail.withCtrl}></mc-shortcuts>`;
    case "show-profile":
      return html`<mc-profile .client=${client}></mc-profile>`;
    default:
      return null;
  }
}
