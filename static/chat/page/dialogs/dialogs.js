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

/** @typedef {import("../lib/events.js").OpenDialog} OpenDialog */

/** @type {{[T in OpenDialog["name"]]: (detail: Extract<OpenDialog, {name: T}>["detail"]) => unknown}} */
const DRAWN = {
  "start-chat": ({ tab = "person", query = "" }) =>
    html`<mc-start-chat .tab=${tab} .query=${query}></mc-start-chat>`,
  "show-details": ({ room }) => html`<mc-room-details .roomId=${room.id}></mc-room-details>`,
  "show-revisions": ({ message }) => html`<mc-revisions .message=${message}></mc-revisions>`,
  report: ({ message }) => html`<mc-report .message=${message}></mc-report>`,
  confirm: (question) => html`<mc-confirm .question=${question}></mc-confirm>`,
  "open-image": ({ image, attachments }) =>
    html`<mc-lightbox .image=${image} .images=${attachments.filter(isImage)}></mc-lightbox>`,
  "show-blocked": () => html`<mc-blocked-people></mc-blocked-people>`,
  "show-unsent": () => html`<mc-unsent-dialog></mc-unsent-dialog>`,
  "show-shortcuts": () => html`<mc-shortcuts></mc-shortcuts>`,
  "show-profile": () => html`<mc-profile></mc-profile>`,
};

const NAMES = /** @type {OpenDialog["name"][]} */ (Object.keys(DRAWN));

/** The dialog over the page, if one is open: the last that the person asked for. */
export class Dialogs {
  /** @type {OpenDialog | null} */
  #open = null;
  #page;

  /** @param {import("../lib/element.js").ChatElement} page */
  constructor(page) {
    this.#page = page;
    page.listenTo({ "dialog-closed": () => this.close() });
    for (const name of NAMES) {
      page.listenTo({
        [name]: (/** @type {any} */ detail) => this.#show({ name, detail: detail ?? {} }),
      });
    }
  }

  /** @param {OpenDialog} dialog */
  #show(dialog) {
    const { host } = this.#page;
    if (dialog.name === "open-image" && host.openImage) return host.openImage(dialog.detail.image);
    this.#open = dialog;
    this.#page.requestUpdate();
  }

  close() {
    this.#open = null;
    this.#page.requestUpdate();
  }

  render() {
    if (!this.#open) return null;
    const { name, detail } = this.#open;
    return DRAWN[name](/** @type {any} */ (detail));
  }
}
