import * as vscode from "vscode";

/** The windows, most recently focused first. */
const WINDOWS = "mediaChat.windows";
/** What a window shows at this moment, and which notifications the person has seen. */
const TELLING = "mediaChat.tellingMessages";
const TOLD = "mediaChat.notedMessages";
const WINDOWS_LIMIT = 8;
const TOLD_LIMIT = 100;
/** How long a window waits for the one before it to notify, in milliseconds. */
const TIMEOUT_MS = 3_000;
/** A notification that was visible this long, in milliseconds, in a live window counts as seen. */
const STANDING_MS = 2_000;
/** How many closed windows may delay a notification. */
const TURNS = 2;
/** Windows that have the same turn do not take it at the same moment. */
const SPREAD_MS = 1_500;

/**
 * All windows hear of everything, and one of them tells the person: the one that was last in front.
 *
 * A call that is lost is worse than two, and any window may vanish, stand still or be reloaded at
 * any moment, while its extension host lives on for hours, hears everything and reaches nobody. So
 * nothing counts as told before it has been shown in a window that answered afterwards; and where
 * nothing says so, the next window tells it.
 *
 * The windows agree by `globalState`, which holds only in the end: each write brings along all that
 * its window knows of the extension, so that of two windows that write at once one is lost. What
 * can be lost here is a place in the order, or that something has been told; either costs a second
 * call, and never the only one.
 */
export class FrontWindow implements vscode.Disposable {
  readonly #window = crypto.randomUUID();
  readonly #focus: vscode.Disposable;
  readonly #underWay = new Set<string>();

  /** @param answered resolves when the window itself has answered, see {@link windowAnswered} */
  constructor(
    private readonly state: vscode.Memento,
    private readonly answered: () => PromiseLike<unknown> = windowAnswered,
  ) {
    this.#focus = vscode.window.onDidChangeWindowState(
      ({ focused }) => focused && this.#comeToFront(),
    );
    // Before its window has answered, VS Code reports every window as focused.
    void this.answered().then(() => vscode.window.state.focused && this.#comeToFront());
  }

  dispose(): void {
    this.#focus.dispose();
    void this.state.update(
      WINDOWS,
      this.#windows.filter((each) => each !== this.#window),
    );
  }

  /**
   * Has something told once, by one of the windows. Another takes its turn after some seconds.
   * @param id of a message, or of what else is told once
   * @param show shows it to the person, at once
   * @returns whether this window tells it, and no other
   */
  async tell(id: string, show: () => void): Promise<boolean> {
    if (this.#underWay.has(id)) return true;
    this.#underWay.add(id);
    const isHere = await this.#tell(id, show);
    if (this.#underWay.delete(id) && isHere) this.note(id);
    return isHere;
  }

  async #tell(id: string, show: () => void): Promise<boolean> {
    const turn = this.#turn();
    if (turn > 0) await pause(turn);
    // A window that has gone never answers, and tells nothing. An answer brings along what other
    // windows have told while this one stood still.
    await this.answered();
    if (this.#has(TELLING, id) && !this.#has(TOLD, id)) {
      await pause(TIMEOUT_MS);
      await this.answered();
    }
    if (this.#has(TOLD, id)) return false;
    this.#takeTurn();
    show();
    this.#add(TELLING, id);
    await pause(STANDING_MS);
    await this.answered();
    return true;
  }

  /** The person knows it: no window needs to notify them. */
  note(id: string): void {
    this.#add(TOLD, id);
  }

  /** Allows another notification when it happens again. */
  forget(id: string): void {
    this.#underWay.delete(id);
    for (const key of [TELLING, TOLD]) {
      if (this.#has(key, id))
        void this.state.update(
          key,
          this.#list(key).filter((each) => each !== id),
        );
    }
  }

  /** How long this window leaves a notification to others, in milliseconds. */
  #turn(): number {
    const place = this.#windows.indexOf(this.#window);
    if (place === 0 || this.#windows.length === 0) return 0;
    const isKnown = place > 0 && place <= TURNS;
    return isKnown ? place * TIMEOUT_MS : TURNS * TIMEOUT_MS + Math.random() * SPREAD_MS;
  }

  #comeToFront(): void {
    this.#order([this.#window, ...this.#windows.filter((each) => each !== this.#window)]);
  }

  /** Those before this window did not take their turns: they come back when they have the focus. */
  #takeTurn(): void {
    const place = this.#windows.indexOf(this.#window);
    this.#order([this.#window, ...(place < 0 ? [] : this.#windows.slice(place + 1))]);
  }

  #order(windows: string[]): void {
    if (windows[0] !== this.#windows[0])
      void this.state.update(WINDOWS, windows.slice(0, WINDOWS_LIMIT));
  }

  get #windows(): string[] {
    return this.#list(WINDOWS);
  }

  #list(key: string): string[] {
    return this.state.get<string[]>(key, []);
  }

  #has(key: string, id: string): boolean {
    return this.#list(key).includes(id);
  }

  #add(key: string, id: string): void {
    if (!this.#has(key, id))
      void this.state.update(key, [...this.#list(key), id].slice(-TOLD_LIMIT));
  }
}

/**
 * Resolves when the window of this extension host has answered. It has shown then what it was asked
 * to show before, and has passed on what it had heard from other windows. Where the window is gone,
 * it never resolves.
 */
async function windowAnswered(): Promise<void> {
  await vscode.commands.executeCommand("setContext", "mediaChat.answered", true);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
