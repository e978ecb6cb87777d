/** What windows tell, and when, over a `globalState` that is as late and as lossy as the editor's. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { FrontWindow } from "../../src/notifications/front-window.js";
import * as stub from "./vscode.js";

type State = Record<string, unknown>;
const LONG_MS = 20_000;
const STEP_MS = 20;

/** What VS Code keeps for all windows: each has a copy, and a write replaces that of the others. */
class Kept {
  stored: State = {};
  readonly windows: Window[] = [];

  write(from: Window, all: State): void {
    this.stored = all;
    for (const each of this.windows)
      if (each !== from) each.main(() => (each.copy = structuredClone(all)));
  }
}

/** A window and its extension host, which hear each other late, or no longer. */
class Window {
  copy: State;
  /** What became of the window, or of its host. */
  fate: "well" | "gone" | "still" = "well";
  /** When it has shown what. */
  readonly #shown: { id: string; at: number }[] = [];
  /** By when all that was said before has been heard: what is said arrives in its order. */
  #heard = 0;
  readonly front: FrontWindow;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly kept: Kept,
    isInFront = false,
    private readonly delay = () => 20,
  ) {
    this.copy = structuredClone(kept.stored);
    kept.windows.push(this);
    stub.window.state.focused = isInFront;
    this.front = new FrontWindow(
      {
        keys: () => Object.keys(this.copy),
        get: <T>(key: string, other?: T) => (this.copy[key] as T | undefined) ?? other,
        update: (key: string, value: unknown) => {
          this.copy[key] = value;
          const all = structuredClone(this.copy);
          return this.ask(() => this.kept.write(this, all));
        },
      },
      () => this.ask(() => {}),
    );
  }

  /** The host asks its window for something, and hears when it is done. */
  ask(act: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#later(() => {
        if (this.fate === "gone") return;
        act();
        this.main(resolve);
      });
    });
  }

  /** Something that the window says to its host. */
  main(act: () => void): void {
    this.#later(() =>
      this.fate === "still" ? this.#waiting.push(act) : this.fate === "well" && act(),
    );
  }

  #later(act: () => void): void {
    this.#heard = Math.max(this.#heard, now + this.delay());
    setTimeout(act, this.#heard - now);
  }

  /** What the window would have to tell comes from the server, straight to the host. */
  hear(id: string): void {
    const show = () => this.fate !== "gone" && this.#shown.push({ id, at: now });
    const tell = () => void this.front.tell(id, () => void show());
    if (this.fate === "still") this.#waiting.push(tell);
    else tell();
  }

  get shown(): number {
    return this.#shown.length;
  }

  /** Whether it has shown this, for long enough to be read. */
  hasTold(id: string): boolean {
    return this.#shown.some((each) => each.id === id && each.at < this.#end - 1_000);
  }

  #end = Infinity;

  vanish(): void {
    this.fate = "gone";
    this.#end = now;
  }

  goOn(): void {
    this.fate = "well";
    for (const act of this.#waiting.splice(0)) act();
  }
}

/** The time of a test, in milliseconds. */
let now = 0;

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

async function pass(ms: number): Promise<void> {
  for (const end = now + ms; now < end;) {
    now += STEP_MS;
    mock.timers.tick(STEP_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Windows that know of each other; the first was in front last. */
async function opened(count: number, delay?: () => number): Promise<Window[]> {
  const kept = new Kept();
  const windows: Window[] = [];
  for (let left = count; left > 0; left--) {
    windows.unshift(new Window(kept, true, delay));
    await pass(500);
  }
  return windows;
}

const shownIn = (windows: Window[]) => windows.map(({ shown }) => shown);
const sum = (windows: Window[]) => windows.reduce((all, { shown }) => all + shown, 0);

test("the window in front tells at once, and no other after it", async () => {
  const windows = await opened(3);
  windows.forEach((each) => each.hear("one"));
  await pass(100);
  assert.deepEqual(shownIn(windows), [1, 0, 0]);
  await pass(LONG_MS);
  windows.forEach((each) => each.hear("one"));
  await pass(LONG_MS);
  assert.deepEqual(shownIn(windows), [1, 0, 0]);
});

test("a window that opened behind others does not come before the one in front", async () => {
  const [front] = (await opened(1)) as [Window];
  // As VS Code has it: each window seems to have the focus, until it has answered.
  const behind = new Window(front["kept"], true);
  stub.window.state.focused = false;
  await pass(500);
  [front, behind].forEach((each) => each.hear("one"));
  await pass(LONG_MS);
  assert.deepEqual(shownIn([front, behind]), [1, 0]);
});

test("what one window has noted no other tells", async () => {
  const [front, behind] = (await opened(2)) as [Window, Window];
  behind.front.note("seen");
  await pass(100);
  front.hear("seen");
  await pass(LONG_MS);
  assert.equal(sum([front, behind]), 0);
});

test("what has been told before and is forgotten is told again", async () => {
  const [only] = (await opened(1)) as [Window];
  for (const wait of [100, LONG_MS]) {
    only.hear("one");
    await pass(wait);
    only.front.forget("one");
    await pass(wait);
  }
  only.hear("one");
  await pass(100);
  assert.equal(only.shown, 3);
});

for (const fate of ["gone", "still"] as const) {
  test(`when the window in front ${fate === "gone" ? "is gone, though its host lives on" : "stands still"}, one of the others tells`, async () => {
    const windows = await opened(3);
    windows[0]!.fate = fate;
    windows.forEach((each) => each.hear("one"));
    await pass(LONG_MS);
    assert.deepEqual(shownIn(windows), [0, 1, 0]);
    // The next call waits for nobody.
    windows.forEach((each) => each.hear("two"));
    await pass(200);
    assert.deepEqual(shownIn(windows), [0, 2, 0]);
  });
}

test("a window that stood still does not repeat what another has told meanwhile", async () => {
  const [front, behind] = (await opened(2)) as [Window, Window];
  front.fate = "still";
  [front, behind].forEach((each) => each.hear("one"));
  await pass(LONG_MS);
  front.goOn();
  await pass(LONG_MS);
  assert.deepEqual(shownIn([front, behind]), [0, 1]);
});

test("what was shown for a moment only, in a window that then was gone, is told by another", async () => {
  const [front, behind] = (await opened(2)) as [Window, Window];
  [front, behind].forEach((each) => each.hear("one"));
  await pass(200);
  front.fate = "gone";
  await pass(LONG_MS);
  assert.deepEqual(shownIn([front, behind]), [1, 1]);
});

test("all that the windows know may be overwritten by one that knew less, and nobody is silenced", async () => {
  const [front, behind] = (await opened(2)) as [Window, Window];
  front.fate = "gone";
  front["kept"].write(front, {});
  await pass(100);
  behind.hear("one");
  await pass(LONG_MS);
  assert.equal(behind.shown, 1);
});

/** Numbers between 0 and 1 that are the same in every run. */
function dice(seed: number): () => number {
  return () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
}

test("whatever happens to windows, and however late they hear, each call is told", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = dice(seed * 7_919);
    const windows = await opened(2 + Math.floor(random() * 3), () =>
      Math.floor(random() ** 4 * 2_500),
    );
    const well = windows[Math.floor(random() * windows.length)];
    for (const id of ["one", "two", "three"]) {
      windows.forEach((each) => each.hear(id));
      await pass(random() * 4_000);
      for (const each of windows) {
        if (each === well || each.fate === "gone" || random() < 0.4) continue;
        if (each.fate === "still") each.goOn();
        else if (random() < 0.5) each.vanish();
        else each.fate = "still";
      }
      await pass(LONG_MS);
      assert.ok(
        windows.some((each) => each.hasTold(id)),
        `seed ${seed}: nobody told ${id}`,
      );
    }
  }
});
