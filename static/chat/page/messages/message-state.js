import { html } from "lit";
import { FILES_LOST } from "../../client/lib/errors.js";
import { icon } from "../lib/icons.js";
import { textFile } from "../composer/limit-line.js";
import { reasonOfWait } from "../lib/waits.js";
import { ErrorCode } from "../../protocol.js";

const UPLOADING = "This is sent as soon as the files are uploaded.";

/**
 * What becomes of a message that the server does not have yet, and what can be done about it.
 *
 * @param {import("../../client.js").ChatClient} client
 * @param {import("../../client/types.js").FeedMessage} message
 * @param {() => void} writeAgain takes the text back into the composer
 */
export function messageState(client, message, writeAgain) {
  const isWithoutFiles = message.error?.code === FILES_LOST;
  if (message.state === "failed") {
    // Neither lost files nor a text that is too long get better by trying again.
    const isInVain = isWithoutFiles || message.error?.code === ErrorCode.TOO_LARGE;
    const retry = isInVain ? null : link("Retry", () => client.retry(message.client_id));
    return html`<p class="message-failed" role="alert">
      ${icon("warning")}
      <span>
        Not sent. ${message.error?.detail ?? ""}
        ${message.unstored ? "Kept in this tab only: it is lost when the tab is closed." : ""}
        ${retry} ${message.code ? null : link("Edit", writeAgain)} ${message.body ? textWays(client, message) : null}
        ${discard(client, message)}
      </span>
    </p>`;
  }
  if (message.state !== "sending") return null;
  if (message.uploading?.length) {
    const isHere = Boolean(message.uploads?.length);
    return pending(client, message, isHere ? UPLOADING : "Another tab uploads its files.");
  }
  if (client.state !== "online") {
    return message.elsewhere
      ? waiting("Sent by another tab.", null)
      : pending(client, message, "It is sent when the connection is back.");
  }
  if (isWithoutFiles) {
    return pending(client, message, "The server no longer has its files; they are uploaded again.");
  }
  if (message.error) {
    const reason = reasonOfWait(message.error);
    const tryNow = link("Try now", () => client.tryNow());
    return pending(client, message, `${reason}; it is tried again by itself.`, tryNow);
  }
  if (message.behind) {
    return pending(client, message, "It follows the message above.");
  }
  return html`<p class="message-sending">${icon("clock")} Sending…</p>`;
}

/**
 * What can be done with the words of a message that was refused.
 *
 * @param {import("../../client.js").ChatClient} client
 * @param {import("../../client/types.js").FeedMessage} message
 */
function textWays(client, message) {
  const copy = async (/** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    try {
      await navigator.clipboard.writeText(message.body);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select the text and press Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy text"), 2000);
  };
  const hasRoom = !message.code && message.attachments.length < client.limits.attachments;
  return html`<button type="button" class="link" .textContent=${"Copy text"} @click=${copy}></button>
    ${hasRoom ? link("Send as a file", () => sendAsFile(client, message)) : null}`;
}

/**
 * @param {import("../../client.js").ChatClient} client
 * @param {import("../../client/types.js").FeedMessage} message
 */
function sendAsFile(client, { room, body, reply_to, client_id }) {
  const { attachments, uploads } = client.takeBack(client_id);
  const file = client.uploads.add(textFile(body));
  client.sendMessage(room, { attachments: [file, ...attachments, ...uploads], replyTo: reply_to });
}

/**
 * A message that is not on its way now.
 *
 * @param {import("../../client.js").ChatClient} client
 * @param {import("../../client/types.js").FeedMessage} message
 * @param {string} reason
 * @param {unknown} [way] what the person can do, beside discarding it
 */
function pending(client, message, reason, way = null) {
  const kept = message.unstored
    ? " Kept in this tab only: do not close it until the message is sent."
    : "";
  return waiting(`Not sent yet. ${reason}${kept}`, html`${way} ${discard(client, message)}`);
}

/**
 * @param {string} words
 * @param {unknown} ways what the person can do
 */
const waiting = (words, ways) =>
  html`<p class="message-waiting">${icon("clock")} <span>${words} ${ways}</span></p>`;

/**
 * @param {import("../../client.js").ChatClient} client
 * @param {import("../../client/types.js").FeedMessage} message
 */
const discard = (client, message) => link("Discard", () => client.discard(message.client_id));

/**
 * @param {string} words
 * @param {() => void} act
 */
const link = (words, act) =>
  html`<button type="button" class="link" @click=${act}>${words}</button>`;
