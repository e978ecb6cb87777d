import * as vscode from "vscode";

/** A folder of small files. Each method rejects with the file system's error. */
export interface Folder {
  /** The names of its files, each with a value that changes when it is written. */
  list(): Promise<Map<string, string>>;
  read(name: string): Promise<Uint8Array>;
  /** Writes a file atomically: readers see the old content or the new. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Deletes a file. One that is not there is no error. */
  delete(name: string): Promise<void>;
}

const UNFINISHED = ".part";

/** A folder in the editor's own storage, on whatever file system that is. */
export class EditorFolder implements Folder {
  #made: Promise<void> | null = null;

  constructor(private readonly uri: vscode.Uri) {}

  async list(): Promise<Map<string, string>> {
    await this.#make();
    const { fs } = vscode.workspace;
    const names = (await fs.readDirectory(this.uri))
      .map(([name]) => name)
      .filter((name) => !name.endsWith(UNFINISHED));
    const files = await Promise.all(
      names.map(async (name) => {
        try {
          const { mtime, size } = await fs.stat(this.#at(name));
          return [[name, `${mtime} ${size}`] as const];
        } catch {
          return []; // it was deleted meanwhile
        }
      }),
    );
    return new Map(files.flat());
  }

  async read(name: string): Promise<Uint8Array> {
    return vscode.workspace.fs.readFile(this.#at(name));
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#make();
    const { fs } = vscode.workspace;
    const part = this.#at(`${name}.${crypto.randomUUID()}${UNFINISHED}`);
    await fs.writeFile(part, bytes);
    await fs.rename(part, this.#at(name), { overwrite: true });
  }

  async delete(name: string): Promise<void> {
    try {
      await vscode.workspace.fs.delete(this.#at(name));
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError && error.code === "FileNotFound")) throw error;
    }
  }

  #at(name: string): vscode.Uri {
    return vscode.Uri.joinPath(this.uri, name);
  }

  async #make(): Promise<void> {
    this.#made ??= Promise.resolve(vscode.workspace.fs.createDirectory(this.uri));
    try {
      await this.#made;
    } catch (error) {
      this.#made = null;
      throw error;
    }
  }
}
