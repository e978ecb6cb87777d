import { awaitedAttachment, unknownAttachment } from "./message-log/feed-message.js";
import { quoteOf } from "./message-log/quotes.js";
import { writtenFields } from "./outbox/message-fields.js";
import { FileUpload } from "./uploads/file-upload.js";

/**
 * A message as a program writes it.
 * @typedef {Partial<Omit<import("./outbox/types.js").Written, "attachments" | "reply_to">> & {
 *   attachments?: (import("../protocol.js").Attachment | FileUpload)[],
 *   replyTo?: import("../protocol.js").Message | string | null,
 * }} NewMessage `attachments`: what `ChatClient.upload` gave, or `uploads.add`: the message waits for
 *   those, also over a reload; `replyTo`: a message or its id
 */

/** Puts messages into the outbox, whole, and shows what that means for their room. */
export class MessageSender {
  #outbox;
  #state;
  #feed;

  /**
   * @param {{
   *   outbox: import("./outbox/outbox.js").Outbox,
   *   state: import("./state/client-state.js").ClientState,
   *   feed: (room: string) => import("./message-log/feed.js").Feed,
   * }} options
   */
  constructor({ outbox, state, feed }) {
    this.#outbox = outbox;
    this.#state = state;
    this.#feed = feed;
  }

  /**
   * Takes the command itself, whose files are known by their ids alone.
   * @param {Extract<import("./lib/commands.js").Sendable, {type: "message.send"}>} command
   * @returns {Promise<any>} the reply, when it is stored
   */
  sendCommand({ room, client_id, attachments = [], ...given }) {
    const clientId = client_id ?? crypto.randomUUID();
    const stored = this.#outbox.stored(clientId);
    this.#outbox.add({
      client_id: clientId,
      room,
      ...writtenFields({ ...given, attachments: attachments.map(unknownAttachment) }),
      quote: null,
      room_name: this.#state.nameOf(room),
    });
    this.#state.answering(room);
    return stored;
  }

  /**
   * @param {string} room
   * @param {NewMessage} message
   * @returns {string} its `client_id`
   */
  send(room, { attachments = [], replyTo = null, ...given }) {
    const clientId = crypto.randomUUID();
    const feed = this.#feed(room);
    const quoted =
      typeof replyTo === "string" ? feed.messages.find(({ id }) => id === replyTo) : replyTo;
    const awaited = attachments.flatMap((each) =>
      each instanceof FileUpload && !each.attachment ? [each] : [],
    );
    this.#outbox.add(
      {
        client_id: clientId,
        room,
        ...writtenFields({
          ...given,
          attachments: attachments.map((each) =>
            each instanceof FileUpload ? (each.attachment ?? awaitedAttachment(each)) : each,
          ),
          reply_to: typeof replyTo === "string" ? replyTo : (replyTo?.id ?? null),
        }),
        ...(awaited.length > 0 ? { uploading: awaited.map(({ key }) => key) } : {}),
        room_name: this.#state.nameOf(room),
        quote: quoted ? quoteOf(quoted) : null,
      },
      awaited,
    );
    this.#state.answering(room);
    // One's own message is always in sight.
    if (feed.hasNewer) feed.jumpToLatest().catch(() => {});
    return clientId;
  }
}
