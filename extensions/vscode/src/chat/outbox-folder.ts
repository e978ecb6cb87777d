import { DISCARDED } from "../../../../static/chat/client/outbox/outbox-store.js";
import { FolderValues, LOOK_MS } from "../platform/folder-values.js";

/** How long a message says that it was discarded, so that each window finds it. */
const DISCARDED_FOR_MS = 5 * LOOK_MS;

/** Unsent messages on the disk: one file a message. */
export class OutboxFolder extends FolderValues {
  /** Discarded messages whose files say so for the other windows. */
  readonly #discarded = new Set<string>();

  override async open(): Promise<void> {
    await super.open();
    // What was discarded when the editor ended is told to nobody any more.
    for (const key of this.keys()) if (this.get(key) === DISCARDED) this.delete(key);
  }

  override set(key: string, value: string): void {
    this.#discarded.delete(key);
    super.set(key, value);
  }

  override delete(key: string): void {
    if (this.get(key) === DISCARDED) {
      this.#discarded.add(key);
      setTimeout(() => this.#discarded.delete(key) && this.write(key), DISCARDED_FOR_MS);
    }
    super.delete(key);
  }

  protected override wanted(key: string): string | null {
    return this.#discarded.has(key) ? DISCARDED : super.wanted(key);
  }

  protected override isNewer(key: string): boolean {
    return this.#discarded.has(key) || super.isNewer(key);
  }
}
