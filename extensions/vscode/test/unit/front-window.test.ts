import assert from "node:assert/strict";
import { test } from "node:test";
import { FrontWindow } from "../../src/rooms/front-window.js";
import * as stub from "./vscode.js";

/** What VS Code keeps for all windows. What a window writes may reach the others late. */
class Kept {
  readonly #values = new Map<string, unknown>();
  /** What happens as soon as something was written by any window. */
  afterWrite: () => void = () => {};

  /** The memento of one window. `isLate`: its writes wait for `arrive`. */
  ofWindow() {
    const late: (() => void)[] = [];
    const memento = {
      isLate: false,
      arrive: () => late.splice(0).forEach((write) => write()),
      keys: () => [...this.#values.keys()],
      get: <T>(key: string, other?: T) => (this.#values.get(key) as T | undefined) ?? other,
      update: (key: string, value: unknown) => {
        const write = () => void this.#values.set(key, value);
        if (memento.isLate) late.push(write);
        else {
          write();
          this.afterWrite();
        }
        return Promise.resolve();
      },
    };
    return memento;
  }
}

/** A window on what is kept, as it opens in front or behind others. */
function opened(kept: Kept, isInFront: boolean) {
  stub.window.state.focused = isInFront;
  const memento = kept.ofWindow();
  return { memento, window: new FrontWindow(memento) };
}

test("the window in front tells, and no other after it", async () => {
  const kept = new Kept();
  const [front, behind] = [opened(kept, true), opened(kept, false)];
  const mine = await Promise.all([front.window.isMine("one"), behind.window.isMine("one")]);
  assert.deepEqual(mine, [true, false]);
  assert.equal(await front.window.isMine("one"), false);
});

test("what one window has noted no other tells", async () => {
  const kept = new Kept();
  const [front, behind] = [opened(kept, true), opened(kept, false)];
  behind.window.note("seen");
  assert.equal(await front.window.isMine("seen"), false);
});

test("when the window in front has closed, one of the others tells", async () => {
  const kept = new Kept();
  const windows = [opened(kept, true), opened(kept, false), opened(kept, false)];
  windows.shift()?.window.dispose();
  const mine = await Promise.all(windows.map(({ window }) => window.isMine("one")));
  assert.deepEqual(mine.filter(Boolean), [true]);
});

test("a window that gives up its place after the next one has taken it silences nobody", async () => {
  const kept = new Kept();
  const [closing, next] = [opened(kept, true), opened(kept, false)];
  closing.memento.isLate = true;
  closing.window.dispose();
  // The very next write is that of the one which takes the place; the other's arrives after it.
  kept.afterWrite = () => {
    kept.afterWrite = () => {};
    closing.memento.arrive();
  };
  assert.equal(await next.window.isMine("one"), true);
});

test("what a window that has gone wrote before, and comes late, silences nobody", async () => {
  const kept = new Kept();
  const [gone, next] = [opened(kept, true), opened(kept, false)];
  const [place = ""] = gone.memento.keys();
  const before = gone.memento.get(place);
  kept.afterWrite = () => {
    kept.afterWrite = () => {};
    void gone.memento.update(place, before);
  };
  assert.equal(await next.window.isMine("one"), true);
});
