import * as vscode from "vscode";

const MUTED = "mediaChat.muted";
const DO_NOT_DISTURB = "mediaChat.doNotDisturb";

/** What a person does not want to be called for: single rooms, or anything at all. */
export class Quiet implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(private readonly state: vscode.Memento) {
    this.#tellContext();
  }

  dispose(): void {
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
    this.#tellContext();
  }

  get doNotDisturb(): boolean {
    return this.state.get(DO_NOT_DISTURB, false);
  }

  async setDoNotDisturb(on: boolean): Promise<void> {
    await this.state.update(DO_NOT_DISTURB, on);
    this.#tellContext();
  }

  #tellContext(): void {
    const set = (name: string, value: boolean) => vscode.commands.executeCommand("setContext", name, value);
    void set("mediaChat.doNotDisturb", this.doNotDisturb);
    void set("mediaChat.hasMutedRooms", this.muted.length > 0);
    this.#changed.fire();
  }
}
