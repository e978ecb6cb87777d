import type * as vscode from "vscode";
import type { KeyStorage } from "../../../../static/chat/client/types.js";
import type { Change } from "../platform/folder-values.js";
import type { OutboxFolder } from "./outbox-folder.js";

/** What pages and clients keep begins with this. */
export const KEY = /^mediachat\.[\w.-]{1,240}$/;
const OUTBOX = "mediachat.outbox.";
const PREFIX = "storage:";

/**
 * What a browser's `localStorage` is to the page, kept by the editor: unsent messages for all
 * windows, drafts and the place in a room for the workspace that they were left in.
 *
 * The extension host's client, the page and the other windows share it as the tabs of a browser do:
 * each hears of what the others change, the host's client by a `storage` event.
 */
export class EditorStorage extends EventTarget implements KeyStorage {
  /** An unsent message has changed that a page did not change itself. */
  changed: (change: Change) => void = () => {};

  constructor(
    private readonly outbox: OutboxFolder,
    private readonly here: vscode.Memento,
  ) {
    super();
    outbox.changed = (change) => {
      this.#tell(change);
      this.changed(change);
    };
  }

  /** Takes over what earlier versions kept in one object for all windows. */
  async moveFrom(everywhere: vscode.Memento): Promise<void> {
    const moved = everywhere
      .keys()
      .filter((key) => key.startsWith(PREFIX + OUTBOX))
      .map((key) => key.slice(PREFIX.length));
    for (const key of moved) this.outbox.set(key, everywhere.get<string>(PREFIX + key) ?? "");
    await this.outbox.written();
    for (const key of moved) {
      if (!this.outbox.isUnwritten(key)) await everywhere.update(PREFIX + key, undefined);
    }
  }

  get length(): number {
    return this.keys().length;
  }

  key(index: number): string | null {
    return this.keys()[index] ?? null;
  }

  getItem(key: string): string | null {
    return key.startsWith(OUTBOX)
      ? this.outbox.get(key)
      : (this.here.get<string>(PREFIX + key) ?? null);
  }

  setItem(key: string, value: string): void {
    const oldValue = this.#put(key, value);
    if (oldValue !== value) void this.#show({ key, oldValue, newValue: value });
  }

  removeItem(key: string): void {
    const oldValue = this.#put(key, null);
    if (oldValue !== null) void this.#show({ key, oldValue, newValue: null });
  }

  /** A page shows a message that waits once it is on the disk: who sees it can reload the window. */
  async #show(change: Change): Promise<void> {
    if (change.key.startsWith(OUTBOX)) await this.outbox.written();
    this.changed(change);
  }

  /** A page's change. */
  changeFromPage(key: string, value: string | null): void {
    const oldValue = this.#put(key, value);
    this.#tell({ key, oldValue, newValue: value });
  }

  /** What a person's page begins with: of unsent messages their own. */
  of(userId: string): Record<string, string> {
    const own = `${OUTBOX}${userId}.`;
    const keys = this.keys().filter((key) => !key.startsWith(OUTBOX) || key.startsWith(own));
    return Object.fromEntries(keys.map((key) => [key, this.getItem(key) ?? ""]));
  }

  keys(): string[] {
    const here = this.here.keys().filter((key) => key.startsWith(PREFIX));
    return [...this.outbox.keys(), ...here.map((key) => key.slice(PREFIX.length))];
  }

  /** @returns what was there before */
  #put(key: string, value: string | null): string | null {
    const before = this.getItem(key);
    if (!key.startsWith(OUTBOX)) void this.here.update(PREFIX + key, value ?? undefined);
    else if (value === null) this.outbox.delete(key);
    else this.outbox.set(key, value);
    return before;
  }

  #tell(change: Change): void {
    this.dispatchEvent(Object.assign(new Event("storage"), change));
  }
}
