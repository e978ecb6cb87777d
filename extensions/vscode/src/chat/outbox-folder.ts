import { DISCARDED } from "../../../../static/chat/outbox-store.js";
import type { Folder } from "../platform/folder.js";

/** How often a window looks for what others have written, in milliseconds. */
const LOOK_MS = 1000;
/** How long a message says that it was discarded, so that each window finds it. */
const DISCARDED_FOR_MS = 5 * LOOK_MS;

export interface Change {
  key: string;
  oldValue: string | null;
  newValue: string | null;
}

/**
 * Unsent messages on the disk, where they outlive windows and the editor: one file a message, so
 * that windows which write at the same moment cannot overwrite each other's. (The editor's own
 * `globalState` is one object, which each window writes as a whole.)
 *
 * What it holds is read from memory, written through, and compared with the disk every second.
 */
export class OutboxFolder {
  readonly #values = new Map<string, string>();
  /** What the files were when they were read or written last; see {@link Folder.list}. */
  readonly #seen = new Map<string, string>();
  /** What is on the disk as it was before. */
  readonly #unwritten = new Set<string>();
  /** Discarded messages whose files say so for the other windows. */
  readonly #discarded = new Set<string>();
  /** One thing after the other, so that looking finds what was written before. */
  #last: Promise<unknown> = Promise.resolve();
  #looking: ReturnType<typeof setInterval> | undefined;
  /** Another window has written, or deleted. */
  changed: (change: Change) => void = () => {};

  constructor(
    private readonly folder: Folder,
    private readonly warn: (words: string) => void,
  ) {}

  /** Reads what is there, and from then on what other windows write. */
  async open(): Promise<void> {
    await this.look();
    // What was discarded when the editor ended is told to nobody any more.
    for (const [key, value] of this.#values) if (value === DISCARDED) this.delete(key);
    this.#looking = setInterval(() => void this.look(), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#looking);
  }

  /** Writes what is not on the disk yet. Where that fails, it is tried again with each look. */
  written(): Promise<void> {
    return this.#next(() => this.#flush());
  }

  isUnwritten(key: string): boolean {
    return this.#unwritten.has(key);
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  get(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#values.set(key, value);
    this.#discarded.delete(key);
    this.#changedHere(key);
  }

  delete(key: string): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    if (value === DISCARDED) {
      this.#discarded.add(key);
      setTimeout(() => this.#discarded.delete(key) && this.#changedHere(key), DISCARDED_FOR_MS);
    }
    this.#changedHere(key);
  }

  #changedHere(key: string): void {
    this.#unwritten.add(key);
    void this.written();
  }

  async #flush(): Promise<void> {
    const wanted = (key: string) => (this.#discarded.has(key) ? DISCARDED : this.get(key));
    for (const key of [...this.#unwritten]) {
      const value = wanted(key);
      try {
        if (value === null) await this.folder.delete(key);
        else await this.folder.write(key, new TextEncoder().encode(value));
        if (wanted(key) === value) this.#unwritten.delete(key);
      } catch (error) {
        this.warn(`An unsent message is not stored: ${(error as Error).message}`);
      }
    }
  }

  #next(act: () => Promise<void>): Promise<void> {
    const next = this.#last.then(act);
    this.#last = next;
    return next;
  }

  /** Compares with the disk. */
  look(): Promise<void> {
    return this.#next(async () => {
      await this.#flush();
      try {
        const files = await this.folder.list();
        for (const key of [...this.#values.keys()]) if (!files.has(key)) this.#become(key, null);
        for (const [key, stamp] of files) {
          if (this.#seen.get(key) === stamp) continue;
          const value = new TextDecoder().decode(await this.folder.read(key));
          this.#seen.set(key, stamp);
          this.#become(key, value);
        }
        for (const key of this.#seen.keys()) if (!files.has(key)) this.#seen.delete(key);
      } catch (error) {
        this.warn(`The unsent messages could not be read: ${(error as Error).message}`);
      }
    });
  }

  /** What this window has changed since is newer than what is on the disk. */
  #become(key: string, newValue: string | null): void {
    const oldValue = this.get(key);
    if (this.#unwritten.has(key) || this.#discarded.has(key) || newValue === oldValue) return;
    if (newValue === null) this.#values.delete(key);
    else this.#values.set(key, newValue);
    this.changed({ key, oldValue, newValue });
  }
}
