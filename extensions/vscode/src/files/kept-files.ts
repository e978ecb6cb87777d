import type { KeptFiles } from "../../../../static/chat/client/types.js";
import type { Folder } from "../platform/folder.js";

/** How long a file without a message is kept, in milliseconds. */
const KEPT_FOR_MS = 7 * 24 * 3_600_000;
/** What the keys of the extension host's files begin with: a page in the editor can tell them from its own. */
export const HOST_FILE = "host-";

interface About {
  name: string;
  type: string;
  /** When it was stored, in milliseconds. */
  at: number;
}

/** The files of unsent messages on disk, where they outlive windows and the editor. */
export class FolderFiles implements KeptFiles {
  readonly isThere = true;
  readonly prefix = HOST_FILE;
  /** Writes finish before deletions. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param now the wall clock, in milliseconds */
  constructor(
    private readonly folder: Folder,
    private readonly now: () => number,
  ) {}

  put(key: string, file: File): Promise<boolean> {
    return this.#next(async () => {
      const about: About = { name: file.name, type: file.type, at: this.now() };
      await this.folder.write(aboutOf(key), new TextEncoder().encode(JSON.stringify(about)));
      await this.folder.write(key, new Uint8Array(await file.arrayBuffer()));
    });
  }

  async get(key: string): Promise<File | null> {
    try {
      const { name, type } = await this.#about(key);
      return new File([(await this.folder.read(key)) as BlobPart], name, { type });
    } catch {
      return null;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#next(async () => {
      for (const name of [key, aboutOf(key)]) await this.folder.delete(name);
    });
  }

  /** @returns whether it was done. What is not deleted goes when it is old. */
  #next(act: () => Promise<void>): Promise<boolean> {
    const next = this.#last.then(act).then(
      () => true,
      () => false,
    );
    this.#last = next;
    return next;
  }

  async deleteOld(): Promise<void> {
    const names = await this.folder.list().catch(() => new Map<string, string>());
    for (const name of names.keys()) {
      const key = /^(.*)\.json$/.exec(name)?.[1];
      if (key === undefined) continue;
      const at = await this.#about(key).then(
        (about) => about.at,
        () => Infinity,
      );
      if (at < this.now() - KEPT_FOR_MS) await this.delete(key);
    }
  }

  async #about(key: string): Promise<About> {
    return JSON.parse(new TextDecoder().decode(await this.folder.read(aboutOf(key)))) as About;
  }
}

const aboutOf = (key: string) => `${key}.json`;
