import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import type { Memento } from "vscode";
import type { Folder } from "../../src/platform/folder.js";

/** A real folder of this machine. */
export class DiskFolder implements Folder {
  isFull = false;

  constructor(readonly path: string) {}

  async list() {
    const names = (await readdir(this.path)).filter((name) => !name.endsWith(".part"));
    const stamp = async (name: string) => {
      const { mtimeMs, size } = await stat(path.join(this.path, name));
      return [name, `${mtimeMs} ${size}`] as const;
    };
    return new Map(await Promise.all(names.map(stamp)));
  }

  read = (name: string): Promise<Uint8Array> => readFile(path.join(this.path, name));

  async write(name: string, bytes: Uint8Array) {
    if (this.isFull) throw new Error("The disk is full.");
    const part = path.join(this.path, `${crypto.randomUUID()}.part`);
    await writeFile(part, bytes);
    await rename(part, path.join(this.path, name));
  }

  delete = (name: string) => rm(path.join(this.path, name), { force: true });
}

export async function folderFor(t: TestContext) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "media-chat-outbox-"));
  t.after(() => rm(folder, { recursive: true, maxRetries: 5 }));
  return folder;
}

export class Kept implements Memento {
  readonly values = new Map<string, unknown>();
  keys = () => [...this.values.keys()];
  get = <T>(key: string, other?: T) => (this.values.get(key) as T | undefined) ?? other;
  update = (key: string, value: unknown) => {
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    return Promise.resolve();
  };
}
