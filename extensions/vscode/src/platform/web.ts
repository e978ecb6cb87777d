export { post } from "./web-post.js";

/** In the browser's own host the platform has all that is needed. */
export const WebSocket = globalThis.WebSocket;
