import { html } from "lit";
import { FILES_LOST } from "../errors.js";
import { icon } from "./icons.js";
import { reasonOfWait } from "./waits.js";

/**
 * What becomes of a message that the server does not have yet, and what can be done about it.
 *
 * @param {import("../client.js").ChatClient} client
 * @param {import("./message.js").Message} message
 * @param {() => void} writeAgain takes the text back into the composer
 */
export function messageState(client, message, writeAgain) {
  const isWithoutFiles = message.error?.code === FILES_LOST;
  if (message.state === "failed") {
    const again = isWithoutFiles
      ? message.body && link("Edit", writeAgain)
      : link("Retry", () => client.retry(message.client_id));
    return html`<p class="message-failed" role="alert">
      ${icon("warning")}
      <span>
        Not sent. ${message.error?.detail ?? ""}
        ${again} ${discard(client, message)}
      </span>
    </p>`;
  }
  if (message.state !== "sending") return null;
  if (client.state !== "online") {
    return waiting("Not sent yet. It is sent when the connection is back.", discard(client, message));
  }
  if (isWithoutFiles) {
    return waiting(
      "Not sent yet. The server no longer has its files; they are uploaded again.",
      discard(client, message),
    );
  }
  if (message.error) {
    return waiting(
      html`Not sent yet. ${reasonOfWait(message.error)}; it is tried again by itself.`,
      html`${link("Try now", () => client.tryNow())} ${discard(client, message)}`,
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
const discard = (client, message) => link("Discard", () => client.discard(message.client_id));

/**
 * @param {string} words
 * @param {() => void} act
 */
const link = (words, act) => html`<button type="button" class="link" @click=${act}>${words}</button>`;
