import type * as vscode from "vscode";
import type { KeyStorage } from "../../../../static/chat/types.js";

/** What pages and clients keep begins with this. */
export const KEY = /^mediachat\.[\w.-]{1,240}$/;
const PREFIX = "storage:";

/**
 * What a browser's `localStorage` is to the page, kept by the editor: unsent messages for all
 * windows, drafts and the place in a room for the workspace that they were left in.
 *
 * Its listeners hear of each change as a browser's tabs would, by a `storage` event.
 */
export class MementoStorage extends EventTarget implements KeyStorage {
  constructor(
    private readonly everywhere: vscode.Memento,
    private readonly here: vscode.Memento,
  ) {
    super();
  }

  get length(): number {
    return this.keys().length;
  }

  key(index: number): string | null {
    return this.keys()[index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#place(key).get<string>(PREFIX + key) ?? null;
  }

  setItem(key: string, value: string): void {
    void this.#place(key).update(PREFIX + key, value);
  }

  removeItem(key: string): void {
    void this.#place(key).update(PREFIX + key, undefined);
  }

  /** A page's change: the clients that share this storage are told. */
  changeFromPage(key: string, value: string | null): void {
    const oldValue = this.getItem(key);
    if (value === null) this.removeItem(key);
    else this.setItem(key, value);
    this.dispatchEvent(Object.assign(new Event("storage"), { key, oldValue, newValue: value }));
  }

  /** All that is kept, for a page that begins. */
  all(): Record<string, string> {
    return Object.fromEntries(this.keys().map((key) => [key, this.getItem(key) ?? ""]));
  }

  keys(): string[] {
    const all = [...this.everywhere.keys(), ...this.here.keys()];
    return all.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
  }

  #place(key: string): vscode.Memento {
    return key.startsWith("mediachat.outbox.") ? this.everywhere : this.here;
  }
}
