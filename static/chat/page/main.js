import { ChatClient } from "../client.js";
import { WebSocketTransport } from "../transports/websocket.js";
import "./app.js";
import { BrowserHost } from "./host/browser-host.js";
import { askBeforeLeaving } from "./shell/leaving.js";

const app = /** @type {import("./app.js").ChatApp} */ (document.querySelector("mc-app"));
const host = new BrowserHost(app.dataset);
const client = new ChatClient({ transport: new WebSocketTransport({ server: host.address }) });
app.start({ client, host });
askBeforeLeaving(client);
await host.tabs.claim();
client.connect().catch(() => {
  // The page shows the client's state; it goes on trying where that makes sense.
});
