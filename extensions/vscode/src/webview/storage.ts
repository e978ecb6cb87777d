import { tellHost } from "./host.js";

/**
 * The page's `localStorage`, kept by the editor: the browser's own is lost where it blocks what
 * third parties store, and differs from window to window.
 */
export class HostStorage {
  readonly #items;

  constructor(items: Record<string, string>) {
    this.#items = new Map(Object.entries(items));
  }

  get length(): number {
    return this.#items.size;
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (this.#items.get(key) === value) return;
    this.#items.set(key, value);
    tellHost({ type: "store", key, value });
  }

  /** Somebody else has changed an unsent message: the host's client, or another window. */
  changeFromHost(key: string, newValue: string | null): void {
    const oldValue = this.getItem(key);
    if (newValue === null) this.#items.delete(key);
    else this.#items.set(key, newValue);
    window.dispatchEvent(Object.assign(new Event("storage"), { key, oldValue, newValue }));
  }

  removeItem(key: string): void {
    if (this.#items.delete(key)) tellHost({ type: "store", key, value: null });
  }
}
