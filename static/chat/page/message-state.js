import { html } from "lit";
import { icon } from "./icons.js";
import { reasonOfWait } from "./waits.js";

/**
 * What becomes of a message that the server does not have yet, and what can be done about it.
 *
 * @param {import("../client.js").ChatClient} client
 * @param {import("./message.js").Message} message
 */
export function messageState(client, message) {
  if (message.state === "failed") {
    return html`<p class="message-failed" role="alert">
      ${icon("warning")}
      <span>
        Not sent. ${message.error?.detail ?? ""}
        <button type="button" class="link" @click=${() => client.retry(message.client_id)}>Retry</button>
        ${discard(client, message)}
      </span>
    </p>`;
  }
  if (message.state !== "sending") return null;
  if (client.state !== "online") {
    return waiting("Not sent yet. It is sent when the connection is back.", discard(client, message));
  }
  if (message.error) {
    return waiting(
      html`Not sent yet. ${reasonOfWait(message.error)}; it is tried again by itself.`,
      html`<button type="button" class="link" @click=${() => client.tryNow()}>Try now</button>
        ${discard(client, message)}`,
    );
  }
  if (message.behind) {
    return waiting("Not sent yet. It follows the message above.", discard(client, message));
  }
  return html`<p class="message-sending">${icon("clock")} Sending…</p>`;
}

/**
 * @param {unknown} words
 * @param {unknown} ways what the person can do
 */
const waiting = (words, ways) =>
  html`<p class="message-waiting">${icon("clock")} <span>${words} ${ways}</span></p>`;

/**
 * @param {import("../client.js").ChatClient} client
 * @param {import("./message.js").Message} message
 */
const discard = (client, message) =>
  html`<button type="button" class="link" @click=${() => client.discard(message.client_id)}>
    Discard
  </button>`;
