import type { Folder } from "../platform/folder.js";

/** How often a holder renews its lock, in milliseconds. */
const RENEW_MS = 1_000;
/** How long a holder may be silent until it counts as gone, in milliseconds. */
const GONE_AFTER_MS = 6_000;
/** How long a new holder waits to see whether another took the lock at the same moment. */
const SETTLE_MS = 500;
const LOOK_MS = 1_000;

type Callback = () => unknown;

/**
 * Locks that the windows of an editor share, as the tabs of a browser do: one file for each that is
 * held, which its holder writes again and again. Hosts outlive their windows, and may be killed.
 *
 * Two that look away for long may both hold one. It spares work, and nothing rests on it.
 */
export class FolderLocks {
  readonly #id = crypto.randomUUID();
  #renewals = 0;
  /** Locks that are held, or being acquired. */
  readonly #names = new Set<string>();

  /**
   * @param around `entered`: what is to be known before the lock is given; `leaving`: what is to be
   *   stored before it is given up
   */
  constructor(
    private readonly folder: Folder,
    private readonly around: { entered(): Promise<void>; leaving(): Promise<void> },
  ) {}

  /** Holds a lock until the callback's promise has settled; see `LockManager`. */
  readonly request = (async (name: string, callback: Callback) => {
    this.#names.add(name);
    await this.#take(name);
    let written: Promise<unknown> = Promise.resolve();
    const renew = () => void (written = written.then(() => this.#write(name)));
    const renewing = setInterval(renew, RENEW_MS);
    try {
      await this.around.entered();
      return await callback();
    } finally {
      clearInterval(renewing);
      await Promise.all([written, this.around.leaving()]);
      await this.#delete(name);
    }
  }) as LockManager["request"];

  /** Releases everything: this host ends. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#names].map(async (name) => (await this.#isMine(name)) && this.#delete(name)),
    );
  }

  async #delete(name: string): Promise<void> {
    this.#names.delete(name);
    await this.folder.delete(name).catch(() => {}); // it counts as given up in a while
  }

  async #take(name: string): Promise<void> {
    do {
      await this.#free(name);
      await this.#write(name);
      await pause(SETTLE_MS);
    } while (!(await this.#isMine(name)));
  }

  /** Resolves when nobody holds it. */
  async #free(name: string): Promise<void> {
    let before = await this.#stamp(name);
    for (let silent = 0; before !== undefined && silent < GONE_AFTER_MS; silent += LOOK_MS) {
      await pause(LOOK_MS);
      const now = await this.#stamp(name);
      if (now !== before) silent = 0;
      before = now;
    }
  }

  async #stamp(name: string): Promise<string | undefined> {
    return (await this.folder.list().catch(() => new Map<string, string>())).get(name);
  }

  async #write(name: string): Promise<void> {
    if (!this.#names.has(name)) return;
    const held = new TextEncoder().encode(`${this.#id} ${this.#renewals++}`);
    await this.folder.write(name, held).catch(() => {}); // without it another may do the same work
  }

  async #isMine(name: string): Promise<boolean> {
    try {
      return new TextDecoder().decode(await this.folder.read(name)).startsWith(this.#id);
    } catch {
      return true; // where nothing can be stored everybody is alone
    }
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
