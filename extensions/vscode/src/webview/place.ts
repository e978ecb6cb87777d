import type { ChatApp } from "../../../../static/chat/page/app.js";
import type { MessageList } from "../../../../static/chat/page/message-list.js";
import type { HostStorage } from "./storage.js";

const KEY = "mediachat.place";
const PAUSE_MS = 250;

/** Keeps where one reads, so that a reload of the window leads back there. */
export function keepPlace(app: ChatApp, storage: HostStorage): void {
  const before = read(storage);
  let timer: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener(
    "scroll",
    () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        const list = listOf(app);
        if (!list?.placed) return;
        const first = list.anchor.firstVisible() as HTMLElement | null;
        const number = list.anchor.atEnd && !list.feed.hasNewer ? 0 : Number(first?.dataset.number) || 0;
        storage.setItem(KEY, JSON.stringify({ room: list.roomId, number }));
      }, PAUSE_MS);
    },
    { capture: true, passive: true },
  );
  if (before?.number) goBack(app, before, Date.now() + 5000);
}

/** Once the room is drawn; not if the person has gone elsewhere meanwhile. */
function goBack(app: ChatApp, place: Place, until: number): void {
  const list = listOf(app);
  if (list?.placed && list.feed.loaded) {
    if (list.roomId === place.room) void list.jump(place.number);
  } else if (Date.now() < until) {
    setTimeout(() => goBack(app, place, until), 50);
  }
}

interface Place {
  room: string;
  number: number;
}

function read(storage: HostStorage): Place | null {
  try {
    return JSON.parse(storage.getItem(KEY) ?? "null") as Place | null;
  } catch {
    return null;
  }
}

const listOf = (app: ChatApp) => app.querySelector<MessageList>("mc-message-list");
