import * as vscode from "vscode";

const FRONT = "mediaChat.windowInFront";
/** What some window has told, or what was in sight in it. */
const NOTED = "mediaChat.notedMessages";
const NOTED_LIMIT = 100;
/** What a window in front needs at most to tell something, until another steps in for it. */
const PATIENCE_MS = 1_500;
/** How often a window tries to step in, before it tells all the same: better twice than never. */
const ROUNDS = 3;

/**
 * All windows hear of everything, and one of them tells the person: the one that was last in front;
 * and when it does not, because it is gone, another.
 */
export class FrontWindow implements vscode.Disposable {
  readonly #window = crypto.randomUUID();
  readonly #focus: vscode.Disposable;

  constructor(private readonly state: vscode.Memento) {
    // What several windows write is seen by all of them, the last of it in the end: so there is
    // one answer to which of them tells, whatever each believes of its focus.
    this.#focus = vscode.window.onDidChangeWindowState(({ focused }) => focused && this.#claim());
    if (vscode.window.state.focused) this.#claim();
  }

  dispose(): void {
    if (this.#isInFront) void this.state.update(FRONT, undefined);
    this.#focus.dispose();
  }

  /**
   * Whether it falls to this window to tell something. Takes up to two seconds where it does not.
   * @param id of a message, or of what else is told once
   */
  async isMine(id: string): Promise<boolean> {
    for (let round = 0; !this.#isInFront && round < ROUNDS; round++) {
      await pause(this.state.get(FRONT) ? PATIENCE_MS : 0);
      if (this.#isNoted(id)) return false;
      this.#claim();
      // Several windows may find this at once: what one of them wrote last is seen by all. A slow
      // machine may still bring what was written before, by a window that has gone; a window that is
      // closing may give up the place after this one took it. Then it is tried again.
      await pause(200 + Math.random() * 300);
    }
    if (this.#isNoted(id)) return false;
    this.note(id);
    return true;
  }

  /** It needs no telling any more, in any window. */
  note(id: string): void {
    void this.state.update(NOTED, [...this.#noted, id].slice(-NOTED_LIMIT));
  }

  /** It is to be told again, when it happens again. */
  forget(id: string): void {
    if (this.#isNoted(id)) void this.state.update(NOTED, this.#noted.filter((noted) => noted !== id));
  }

  #claim(): void {
    void this.state.update(FRONT, this.#window);
  }

  get #isInFront(): boolean {
    return this.state.get(FRONT) === this.#window;
  }

  get #noted(): string[] {
    return this.state.get<string[]>(NOTED, []);
  }

  #isNoted(id: string): boolean {
    return this.#noted.includes(id);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
