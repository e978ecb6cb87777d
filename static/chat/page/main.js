import { ChatClient } from "../client.js";
import { WebSocketTransport } from "../transports/websocket.js";
import "./app.js";
import { askBeforeLeaving } from "./shell/leaving.js";
import { tabId } from "./lib/tab.js";

const app = /** @type {import("./app.js").ChatApp} */ (document.querySelector("mc-app"));
const server = new URL(app.dataset.home ?? "/", location.href).href;
app.address = server;
app.client = new ChatClient({ transport: new WebSocketTransport({ server }) });
askBeforeLeaving(app.client);
app.tab = await tabId();
app.client.connect().catch(() => {
  // The page shows the client's state; it goes on trying where that makes sense.
});
