/**
 * The open room.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   roomId: string,
 *   list: import("../messages/message-list.js").MessageList | null,
 *   writeAgain: (message: import("../../client/types.js").FeedMessage) => void,
 * }} ConversationElement
 */

/**
 * The last message of one's own, which the arrow in an empty composer changes: the one that was
 * written last, also while it is on its way or the reader is elsewhere in the room.
 */
export class LastMessage {
  /** @param {ConversationElement} conversation */
  constructor(conversation) {
    this.conversation = conversation;
    /** @type {AbortController | null} a message is waited for */
    this.waiting = null;
    conversation.addController(this);
  }

  hostDisconnected() {
    this.waiting?.abort();
  }

  get list() {
    return /** @type {import("../messages/message-list.js").MessageList} */ (
      this.conversation.list
    );
  }

  async edit() {
    this.waiting?.abort();
    if (this.list.feed.hasNewer) await this.list.jumpToEnd();
    if (!this.conversation.isConnected || this.list.feed.hasNewer) return; // the page was not to be had
    const me = this.conversation.client.me?.username;
    const last = this.list.feed.messages.findLast(
      ({ sender, deleted, hidden }) => sender === me && !deleted && !hidden,
    );
    if (!last) return;
    if (last.state === "sent") this.open(last);
    else if (last.state === "sending") this.wait(last);
    else if (!last.code) this.conversation.writeAgain(last);
  }

  /** @param {import("../../client/types.js").FeedMessage} message */
  open(message) {
    this.list.tell("edit", { message });
  }

  /**
   * Opens it as soon as the server has it, unless the person does something else first.
   * @param {import("../../client/types.js").FeedMessage} message
   */
  wait({ client_id, error, uploading }) {
    const { conversation } = this;
    const { client, roomId } = conversation;
    const waiting = (this.waiting = new AbortController());
    const { signal } = waiting;
    const giveUp = () => waiting.abort();
    for (const type of ["keydown", "input", "focusout"]) {
      conversation.addEventListener(type, giveUp, { signal, capture: true });
    }
    const look = () => {
      const message = client.feed(roomId).messages.find((each) => each.client_id === client_id);
      if (!message || message.state === "sending") return;
      giveUp();
      if (message.state === "sent") this.open(message);
    };
    client.addEventListener("messages", look, { signal });
    const isLate = client.state !== "online" || error || uploading?.length;
    if (isLate)
      conversation.tell("said", { text: "You can change this message as soon as it is sent." });
  }
}
