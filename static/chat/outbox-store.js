/**
 * Where unsent messages outlive the page: one item a message, so that tabs which write at the
 * same moment cannot overwrite each other's. Without storage (a program, a private window, a
 * full disk) they last as long as the page.
 */
export class OutboxStore {
  /** @type {string} whose messages these are; '' until that is known */
  userId = "";
  /** @type {Set<string>} those that could not be stored */
  #unstored = new Set();
  #storage;

  /** @param {import("./types.js").KeyStorage | null} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  get #prefix() {
    return `mediachat.outbox.${this.userId}.`;
  }

  /** Whether a change of this key (null: of all) concerns these messages. @param {string | null} key */
  owns(key) {
    return this.userId !== "" && (key === null || key.startsWith(this.#prefix));
  }

  /** @returns {import("./types.js").Unsent[]} those in the storage */
  all() {
    const entries = [];
    try {
      const keys = Array.from({ length: this.#storage?.length ?? 0 }, (_, index) =>
        this.#storage?.key(index),
      );
      for (const key of keys) {
        if (!key || !this.owns(key)) continue;
        const entry = JSON.parse(this.#storage?.getItem(key) ?? "null");
        if (entry?.client_id && entry.room) entries.push(entry);
      }
    } catch {
      // Storage that cannot be read holds nothing for us.
    }
    return entries;
  }

  /** @param {string} clientId */
  has(clientId) {
    if (this.#unstored.has(clientId)) return true;
    try {
      return typeof this.#storage?.getItem(this.#prefix + clientId) === "string";
    } catch {
      return true;
    }
  }

  /** @param {import("./types.js").Unsent} entry */
  put(entry) {
    try {
      if (!this.userId || !this.#storage) throw new Error("nowhere to store");
      this.#storage.setItem(this.#prefix + entry.client_id, JSON.stringify(entry));
      this.#unstored.delete(entry.client_id);
    } catch {
      this.#unstored.add(entry.client_id);
    }
  }

  /** @param {string} clientId */
  remove(clientId) {
    this.#unstored.delete(clientId);
    try {
      this.#storage?.removeItem(this.#prefix + clientId);
    } catch {
      // It stays, is sent again, and the server recognises it.
    }
  }
}
