import * as vscode from "vscode";
import type { FolderValues } from "../platform/folder-values.js";

/** The file that exists during do-not-disturb. The others are named after muted rooms. */
const DO_NOT_DISTURB = "do-not-disturb";
/** Where earlier versions stored both. */
const MUTED_BEFORE = "mediaChat.muted";
const DO_NOT_DISTURB_BEFORE = "mediaChat.doNotDisturb";

/** What a person has muted, in all windows: single rooms, or all notifications. */
export class NotificationSettings implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  /** @param kept of all windows: of each room that is muted a file */
  constructor(private readonly kept: FolderValues) {
    kept.changed = () => this.#tell();
    this.#tell();
  }

  /** Reads the stored settings. */
  async open(state: vscode.Memento): Promise<void> {
    await this.kept.open();
    for (const id of state.get<string[]>(MUTED_BEFORE, [])) this.kept.set(id, "");
    if (state.get(DO_NOT_DISTURB_BEFORE, false)) this.kept.set(DO_NOT_DISTURB, "");
    await this.kept.written();
    if (this.kept.keys().some((key) => this.kept.isUnwritten(key))) return;
    for (const key of [MUTED_BEFORE, DO_NOT_DISTURB_BEFORE]) {
      if (state.get(key) !== undefined) await state.update(key, undefined);
    }
    this.#tell();
  }

  dispose(): void {
    this.kept.close();
    this.#changed.dispose();
  }

  isMuted(roomId: string): boolean {
    return this.kept.get(roomId) !== null;
  }

  mute(roomId: string, muted: boolean): Promise<void> {
    return this.#choose(roomId, muted);
  }

  get doNotDisturb(): boolean {
    return this.kept.get(DO_NOT_DISTURB) !== null;
  }

  setDoNotDisturb(on: boolean): Promise<void> {
    return this.#choose(DO_NOT_DISTURB, on);
  }

  async #choose(key: string, on: boolean): Promise<void> {
    if (on) this.kept.set(key, "");
    else this.kept.delete(key);
    this.#tell();
    await this.kept.written();
  }

  #tell(): void {
    const hasMutedRooms = this.kept.keys().some((key) => key !== DO_NOT_DISTURB);
    const set = (name: string, value: boolean) =>
      vscode.commands.executeCommand("setContext", name, value);
    void set("mediaChat.doNotDisturb", this.doNotDisturb);
    void set("mediaChat.hasMutedRooms", hasMutedRooms);
    this.#changed.fire();
  }
}
