import type { Folder } from "./folder.js";

/** How often a window checks for changes by others, in milliseconds. */
export const LOOK_MS = 1000;

export interface Change {
  key: string;
  oldValue: string | null;
  newValue: string | null;
}

/**
 * Texts on the disk, where they outlive windows and the editor: one file each, so that windows
 * which write at the same moment cannot overwrite each other's. (The editor's own `globalState` is
 * one object, which each window writes as a whole.)
 *
 * What it holds is read from memory, written through, and compared with the disk every second.
 */
export class FolderValues {
  readonly #values = new Map<string, string>();
  /** What the files were when they were read or written last; see {@link Folder.list}. */
  readonly #seen = new Map<string, string>();
  /** What is on the disk as it was before. */
  readonly #unwritten = new Set<string>();
  /** One operation at a time, so that reads see earlier writes. */
  #last: Promise<unknown> = Promise.resolve();
  #looking: ReturnType<typeof setInterval> | undefined;
  /** Another window has written or deleted a file. */
  changed: (change: Change) => void = () => {};

  /**
   * @param warn called, in English, with what the disk refuses
   * @param warn told, in English, what the disk does not do
   */
  constructor(
    private readonly folder: Folder,
    private readonly warn: (words: string) => void,
  ) {}

  /** Reads the stored texts, and from then on changes by other windows. */
  async open(): Promise<void> {
    await this.look();
    this.#looking = setInterval(() => void this.look(), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#looking);
  }

  /** Writes pending texts to disk. If that fails, each check tries again. */
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
    this.write(key);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.write(key);
  }

  /** The content that the file should have; null if there should be no file. */
  protected wanted(key: string): string | null {
    return this.get(key);
  }

  /** Schedules writing the file's current content. */
  protected write(key: string): void {
    this.#unwritten.add(key);
    void this.written();
  }

  /** Whether this window's content is newer than the disk's. */
  protected isNewer(key: string): boolean {
    return this.#unwritten.has(key);
  }

  async #flush(): Promise<void> {
    for (const key of [...this.#unwritten]) {
      const value = this.wanted(key);
      try {
        if (value === null) await this.folder.delete(key);
        else await this.folder.write(key, new TextEncoder().encode(value));
        if (this.wanted(key) === value) this.#unwritten.delete(key);
      } catch (error) {
        this.warn(`not stored: ${(error as Error).message}`);
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
        for (const key of this.keys()) if (!files.has(key)) this.#become(key, null);
        for (const [key, stamp] of files) {
          if (this.#seen.get(key) === stamp) continue;
          const value = new TextDecoder().decode(await this.folder.read(key));
          this.#seen.set(key, stamp);
          this.#become(key, value);
        }
        for (const key of this.#seen.keys()) if (!files.has(key)) this.#seen.delete(key);
      } catch (error) {
        this.warn(`not read: ${(error as Error).message}`);
      }
    });
  }

  #become(key: string, newValue: string | null): void {
    const oldValue = this.get(key);
    if (this.isNewer(key) || newValue === oldValue) return;
    if (newValue === null) this.#values.delete(key);
    else this.#values.set(key, newValue);
    this.changed({ key, oldValue, newValue });
  }
}
