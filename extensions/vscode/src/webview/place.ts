import type { ChatApp } from "../../../../static/chat/page/app.js";
import type { MessageList } from "../../../../static/chat/page/messages/message-list.js";
import { SHOWN } from "../chat/shown-room.js";
import type { HostStorage } from "./storage.js";

const PLACE = "mediachat.place";
const PAUSE_MS = 250;
const TIMEOUT_MS = 5_000;

interface Place {
  room: string;
  /** The history in which the number counts: after a restore it means another message. */
  epoch: string | null;
  /** The first message in view; 0 at the end of the room. */
  number: number;
  /** How far its top is from that of the list, in pixels. */
  offset: number;
}

/**
 * Keeps which room is shown and where in it one reads, so that a reload of the window leads
 * back there.
 * @returns the room that was shown before, or "" for the list of rooms
 */
export function keepPlace(app: ChatApp, storage: HostStorage): { room: string } {
  const room = storage.getItem(SHOWN) ?? "";
  const before = read(storage);
  keepRoom(app, storage, room);
  // Until the place of before is back, none is kept: where the room opens first is not where one reads,
  // and a view that is moved may go again before.
  const keep = () => keepScroll(app, storage);
  if (before?.number && before.room === room)
    goBack(app, before, performance.now() + TIMEOUT_MS, keep);
  else keep();
  return { room };
}

function keepRoom(app: ChatApp, storage: HostStorage, before: string): void {
  // Until the room of before is open again, or turns out to be gone, it is not overwritten.
  let isBack = before === "";
  app.addController({
    hostUpdated() {
      const shown = app.screen === "room" ? app.roomId : "";
      isBack ||= shown !== "" || (app.client.state === "online" && !app.client.rooms.has(before));
      if (isBack) storage.setItem(SHOWN, shown);
    },
  });
}

function keepScroll(app: ChatApp, storage: HostStorage): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const keep = () => {
    timer = undefined;
    const list = listOf(app);
    if (!list?.placed) return;
    const { item, offset, atEnd } = list.anchor;
    const number =
      atEnd && !list.feed.hasNewer ? 0 : Number((item as HTMLElement | null)?.dataset.number) || 0;
    const { roomId: room } = list;
    const { epoch } = app.client;
    storage.setItem(PLACE, JSON.stringify({ room, epoch, number, offset } satisfies Place));
  };
  const onScroll = () => (timer ??= setTimeout(keep, PAUSE_MS));
  document.addEventListener("scroll", onScroll, { capture: true, passive: true });
}

/** Once the room is drawn; not if the person has gone elsewhere meanwhile, or its history has. */
function goBack(app: ChatApp, place: Place, until: number, done: () => void): void {
  const list = listOf(app);
  if (list?.placed && list.feed.loaded) {
    const isSame = list.roomId === place.room && app.client.epoch === place.epoch;
    if (!isSame) return done();
    void list.comeBack(place.number, place.offset ?? 0).finally(done);
  } else if (performance.now() < until) {
    setTimeout(() => goBack(app, place, until, done), 50);
  } else done();
}

function read(storage: HostStorage): Place | null {
  try {
    return JSON.parse(storage.getItem(PLACE) ?? "null") as Place | null;
  } catch {
    return null;
  }
}

const listOf = (app: ChatApp) => app.querySelector<MessageList>("mc-message-list");
