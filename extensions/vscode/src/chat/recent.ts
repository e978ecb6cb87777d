import type * as vscode from "vscode";
import type { EditorStorage } from "./editor-storage.js";
import type { Change } from "../platform/folder-values.js";
import { SHOWN } from "./shown-room.js";

const RECENT = "mediaChat.recentRooms";
const KEPT = 20;

/** Which rooms the person has looked at, and which one they look at now. */
export class RecentRooms {
  /** The room that the chat shows in this window, if it is visible. */
  inSight: () => string | null = () => null;

  constructor(
    private readonly state: vscode.Memento,
    storage: EditorStorage,
  ) {
    storage.addEventListener("storage", (event) => {
      const { key, newValue } = event as unknown as Change;
      if (key === SHOWN && newValue) this.note(newValue);
    });
  }

  /** Ids of rooms, the one of last first. */
  get ids(): readonly string[] {
    return this.state.get<string[]>(RECENT, []);
  }

  /** The person has turned to a room. */
  note(id: string): void {
    if (this.ids[0] === id) return;
    void this.state.update(
      RECENT,
      [id, ...this.ids.filter((other) => other !== id)].slice(0, KEPT),
    );
  }
}
