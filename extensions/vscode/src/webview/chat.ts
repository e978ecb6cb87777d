/** The chat's page in the side bar of an editor: the page's own components, over the host. */
import { ChatClient } from "../../../../static/chat/client.js";
import type { ChatApp } from "../../../../static/chat/page/app.js";
import { BridgeTransport } from "../../../../static/chat/transports/bridge.js";
import { readCode } from "../bridge/protocol.js";
import { keepChords } from "./chords.js";
import { boot, listenToHost, tellHost } from "./host.js";
import { HostUploads } from "./host-uploads.js";
import { guardLinks } from "./links.js";
import { keepPlace } from "./place.js";
import { HostStorage } from "./storage.js";
import { closePopovers } from "../../../../static/chat/page/lib/popover.js";

const { stored, server, user } = boot();
const storage = new HostStorage(stored);
Object.defineProperty(window, "localStorage", { value: storage });

// The page's components read the storage as soon as they are in the document.
void import("../../../../static/chat/page/app.js").then(() => {
  const app = document.querySelector("mc-app") as ChatApp;
  const transport = new BridgeTransport({
    post: (message) => tellHost(message as never),
    listen: (listener) => listenToHost(listener),
  });
  const uploads = new HostUploads();
  const client = new ChatClient({
    transport,
    storage,
    uploadsElsewhere: uploads,
    ...(user && { userId: user }),
  });
  app.address = `${server}/`;
  app.client = client;

  // Ctrl+K begins many of the editor's own shortcuts; the page would take it for its search.
  app.takesCtrl = false;
  // The editor's own tree does, beside the page.
  app.listsRooms = false;
  keepChords();
  guardLinks();
  const { room } = keepPlace(app, storage);
  // Nobody asked for it now: the person may be writing elsewhere, as in the palette.
  if (room) openWhenKnown(app, client, room, { focus: false });
  app.addEventListener("rooms-elsewhere", () => tellHost({ type: "show-rooms" }));

  // What the page would do in a browser, and the editor does better.
  document.addEventListener(
    "open-image",
    (event) => {
      event.stopPropagation();
      const { image } = (event as CustomEvent<{ image: { url: string; name: string } }>).detail;
      tellHost({ type: "open-image", path: image.url, name: image.name });
    },
    { capture: true },
  );
  document.addEventListener(
    "open-code",
    (event) => {
      event.stopPropagation();
      const code = readCode((event as CustomEvent<{ code: unknown }>).detail.code);
      if (code) tellHost({ type: "open-code", code });
    },
    { capture: true },
  );

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
        closePopovers(app);
        return openWhenKnown(app, client, message.room);
      case "start-chat":
        return void whenReady(client, () => app.tell("start-chat", {}));
      case "show":
        return void whenReady(client, () =>
          app.tell(`show-${message.dialog}`, { withCtrl: false }),
        );
      case "write":
        closePopovers(app);
        return void whenReady(client, () => app.focusComposer());
      case "say":
        return app.say(message.text);
    }
  });
  client.connect().catch(() => {
    // The page shows the client's state.
  });
  tellHost({ type: "started" });
});

function openWhenKnown(
  app: ChatApp,
  client: ChatClient,
  room: string,
  { focus = true } = {},
): void {
  whenReady(client, () => client.rooms.has(room) && void app.openRoom(room, { focus }));
}

function whenReady(client: ChatClient, act: () => void): void {
  if (client.me) return void queueMicrotask(act);
  client.addEventListener("rooms", () => setTimeout(act), { once: true });
}
