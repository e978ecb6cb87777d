import { html } from "lit";
import { excerpt } from "../../client/lib/excerpt.js";
import { isolated, spokenName } from "../../client/people/names.js";

const KEPT = 5;

/**
 * Says new messages to screen readers. The list of messages itself is silent: it would read
 * out every page of history that is loaded.
 */
export class Announcer {
  /** @param {import("../lib/element.js").ChatElement & {roomId: string}} app */
  constructor(app) {
    this.app = app;
    /** @type {string[]} */
    this.lines = [];
    app.listenTo({ heard: ({ message }) => this.announce(message) });
  }

  /** @param {import("../../client.js").ChatClient} client */
  follow(client) {
    client.addEventListener("mention", (event) => {
      const { room, message } = event.detail;
      // In the room that is open the list of messages tells it.
      if (room !== this.app.roomId) this.announce(message);
    });
  }

  /** @param {import("../../protocol.js").Message} message */
  announce(message) {
    const files = message.attachments?.length ?? 0;
    const words = excerpt(message.html) || (files > 0 ? "sent a file" : "");
    this.lines = [
      ...this.lines,
      `${spokenName(this.app.client, message.sender)}: ${isolated(words)}`,
    ].slice(-KEPT);
    this.app.requestUpdate();
  }

  render() {
    return html`<div class="visually-hidden" role="log" aria-live="polite" aria-label="New messages">
      ${this.lines.map((line) => html`<p>${line}</p>`)}
    </div>`;
  }
}
