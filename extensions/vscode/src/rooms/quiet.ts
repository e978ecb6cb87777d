import * as vscode from "vscode";

const MUTED = "mediaChat.muted";
const DO_NOT_DISTURB = "mediaChat.doNotDisturb";
/** How soon a window shows what was chosen in another. */
const LOOK_MS = 1000;

/** What a person does not want to be called for, in any window: single rooms, or anything at all. */
export class Quiet implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #looking: ReturnType<typeof setInterval>;
  #told = "";

  constructor(private readonly state: vscode.Memento) {
    // VS Code brings what other windows keep into this one's memory, but has no event for it.
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  dispose(): void {
    clearInterval(this.#looking);
    this.#changed.dispose();
  }

  get muted(): readonly string[] {
    return this.state.get<string[]>(MUTED, []);
  }

  isMuted(roomId: string): boolean {
    return this.muted.includes(roomId);
  }

  async mute(roomId: string, muted: boolean): Promise<void> {
    const others = this.muted.filter((id) => id !== roomId);
    await this.state.update(MUTED, muted ? [...others, roomId] : others);
    this.#look();
  }

  get doNotDisturb(): boolean {
    return this.state.get(DO_NOT_DISTURB, false);
  }

  async setDoNotDisturb(on: boolean): Promise<void> {
    await this.state.update(DO_NOT_DISTURB, on);
    this.#look();
  }

  /** Tells what has changed since it was last told, here or elsewhere. */
  #look(): void {
    const now = JSON.stringify([this.doNotDisturb, this.muted]);
    if (now === this.#told) return;
    this.#told = now;
    const set = (name: string, value: boolean) => vscode.commands.executeCommand("setContext", name, value);
    void set("mediaChat.doNotDisturb", this.doNotDisturb);
    void set("mediaChat.hasMutedRooms", this.muted.length > 0);
    this.#changed.fire();
  }
}
