/** The chat's page in the side bar of an editor: the page's own components, over the host. */
import { ChatClient } from "../../../../static/chat/client.js";
import "../../../../static/chat/page/app.js";
import type { ChatApp } from "../../../../static/chat/page/app.js";
import { BridgeTransport } from "../../../../static/chat/transports/bridge.js";
import { keepChords } from "./chords.js";
import { EditorHost } from "./editor-host.js";
import { boot, listenToHost, tellHost } from "./host.js";
import { HostUploads } from "./host-uploads.js";
import { guardLinks } from "./links.js";
import { HostStorage } from "./storage.js";

const { stored, server, user } = boot();
const storage = new HostStorage(stored);
const uploads = new HostUploads();
const app = document.querySelector("mc-app") as ChatApp;
const client = new ChatClient({
  transport: new BridgeTransport({
    post: (message) => tellHost(message as never),
    listen: (listener) => listenToHost(listener),
  }),
  storage,
  uploadsElsewhere: uploads,
  ...(user && { userId: user }),
});
app.start({ client, host: new EditorHost(`${server}/`, storage) });
keepChords();
guardLinks();

listenToHost((message) => {
  switch (message.type) {
    case "stored":
      return storage.changeFromHost(message.key, message.value);
    case "upload":
      return uploads.hear(message.upload);
    case "wake":
      // As when a browser comes online: the client tries at once.
      return void window.dispatchEvent(new Event("online"));
    case "open-room":
      app.closePopovers();
      return whenReady(() => client.rooms.has(message.room) && void app.openRoom(message.room));
    case "start-chat":
      return whenReady(() => app.tell("start-chat", {}));
    case "show":
      return whenReady(() => app.tell(`show-${message.dialog}`));
    case "write":
      app.closePopovers();
      return whenReady(() => app.focusComposer());
    case "say":
      return app.say(message.text);
  }
});
client.connect().catch(() => {
  // The page shows the client's state.
});
tellHost({ type: "started" });

function whenReady(act: () => unknown): void {
  if (client.me) queueMicrotask(act);
  else client.addEventListener("rooms", () => setTimeout(act), { once: true });
}
