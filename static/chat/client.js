/**
 * The JavaScript client of Media Chat: for the page, for editors and for programs in Node.
 *
 * @example
 * import { initChatClient } from "mediachat-client";
 *
 * const client = await initChatClient("ada", "correct horse", { server: "https://chat.example" });
 * client.addEventListener("message", ({ detail: { room, message, change } }) => {
 *   if (change === "sent" && message.sender !== client.username && message.body === "ping") {
 *     client.sendMessage(room, { body: "pong", replyTo: message });
 *   }
 * });
 */
import { ChatClient } from "./client/chat-client.js";
import { ChatError } from "./client/lib/errors.js";
import { handleIncomingMessage } from "./client/connection/incoming.js";
import { signIn } from "./client/connection/sign-in.js";
import { WebSocketTransport } from "./transports/websocket.js";
import { ErrorCode } from "./protocol.js";

export { ChatClient, ChatError, handleIncomingMessage, WebSocketTransport };

/**
 * Signs in with a username and a password and connects, without a browser's cookies.
 *
 * @param {string} username
 * @param {string} password
 * @param {{server?: string, WebSocket?: typeof WebSocket}
 *   & Partial<import("./client/types.js").ClientOptions>} [options] `server`: where Media Chat is;
 *   this page's own server if left out. `WebSocket`: the class to use where the platform has
 *   none, as in Node before 22
 * @returns {Promise<ChatClient>} connected. Rejects with a {@link ChatError}: `unauthenticated`
 *   when the password is wrong, and also, with `flows`, when a further step such as a second
 *   factor is needed; `network` when the server was not reached; `forbidden` when suspended
 *
 * @example
 * try {
 *   const client = await initChatClient("ada", "correct horse");
 * } catch (error) {
 *   if (error.flows?.some(({ id }) => id === "mfa_authenticate")) askForTheSecondFactor();
 *   else show(error.detail);
 * }
 */
export async function initChatClient(username, password, options = {}) {
  const { server = globalThis.location?.origin, WebSocket, ...rest } = options;
  if (!server)
    throw new ChatError(ErrorCode.BAD_REQUEST, "Say where the server is: {server: 'https://…'}.");
  const sessionToken = await signIn(server, username, password);
  const transport = new WebSocketTransport({ server, sessionToken, WebSocket });
  const client = new ChatClient({ transport, ...rest });
  await client.connect();
  return client;
}
