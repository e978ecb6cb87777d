/** What a discarded message becomes before it goes, so that other tabs know that nobody sent it. */
export const DISCARDED = JSON.stringify({ discarded: true });

/**
 * Where unsent messages outlive the page: one item a message, so that tabs which write at the
 * same moment cannot overwrite each other's. Without storage (a program, a private window, a
 * full disk) they last as long as the page, or until there is room for them.
 */
export class OutboxStore {
  /** @type {string} whose messages these are; '' until that is known */
  userId = "";
  /** @type {Map<string, import("./types.js").Unsent>} those for which there was no room */
  #unstored = new Map();
  /** @type {Map<string, import("./types.js").Unsent>} those stored as they were before */
  #newer = new Map();
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

  /**
   * The message that another tab has discarded with this change of the storage, or null.
   * @param {import("./types.js").StorageChange} change
   */
  discardedBy({ key, oldValue, newValue }) {
    return key && [oldValue, newValue].includes(DISCARDED) ? key.slice(this.#prefix.length) : null;
  }

  /** Whether a message would be lost with this page. @param {string} clientId */
  isUnstored(clientId) {
    return this.#unstored.has(clientId);
  }

  /** Whether some message would be lost with this page. */
  get hasUnstored() {
    return this.#unstored.size > 0;
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
        if (entry?.client_id && entry.room) entries.push(this.#newer.get(entry.client_id) ?? entry);
      }
    } catch {
      // Storage that cannot be read holds nothing for us.
    }
    return entries;
  }

  /**
   * A message as it is in the storage, or null.
   * @param {string} clientId
   * @returns {import("./types.js").Unsent | null}
   */
  get(clientId) {
    return this.all().find(({ client_id }) => client_id === clientId) ?? null;
  }

  /**
   * Whether a message is still to be sent: what is no longer in the storage was sent or discarded
   * by another tab, except what was never in it.
   * @param {string} clientId
   */
  has(clientId) {
    if (this.#unstored.has(clientId)) return true;
    try {
      return this.#isStored(clientId);
    } catch {
      return true;
    }
  }

  /** @param {string} clientId */
  #isStored(clientId) {
    return typeof this.#storage?.getItem(this.#prefix + clientId) === "string";
  }

  /** @param {import("./types.js").Unsent} entry */
  put(entry) {
    try {
      if (!this.userId || !this.#storage) throw new Error("nowhere to store");
      this.#storage.setItem(this.#prefix + entry.client_id, JSON.stringify(entry));
      this.#drop(entry.client_id);
    } catch {
      this.#drop(entry.client_id);
      this.#unwritten(entry.client_id).set(entry.client_id, entry);
    }
  }

  /** Where what found no room is kept meanwhile. @param {string} clientId */
  #unwritten(clientId) {
    try {
      return this.userId && this.#isStored(clientId) ? this.#newer : this.#unstored;
    } catch {
      return this.#unstored;
    }
  }

  /** @param {string} clientId */
  #drop(clientId) {
    this.#unstored.delete(clientId);
    this.#newer.delete(clientId);
  }

  /**
   * Stores those for which there was no room, as far as there is some now.
   * @returns {import("./types.js").Unsent[]} those that this page alone kept until now
   */
  putRest() {
    // What is gone from the storage was sent or discarded by another tab.
    for (const clientId of [...this.#newer.keys()]) {
      if (!this.has(clientId)) this.#newer.delete(clientId);
    }
    const unstored = [...this.#unstored.values()];
    for (const entry of [...this.#newer.values(), ...unstored]) this.put(entry);
    return unstored.filter(({ client_id }) => !this.isUnstored(client_id));
  }

  /** Marks a message as discarded, before it is removed. @param {string} clientId */
  markDiscarded(clientId) {
    try {
      if (this.#isStored(clientId)) this.#storage?.setItem(this.#prefix + clientId, DISCARDED);
    } catch {
      // The other tabs find that it is gone, and wait for it in vain for a while.
    }
  }

  /**
   * @param {string} clientId
   * @returns {import("./types.js").Unsent[]} those that there is room for now
   */
  remove(clientId) {
    this.#drop(clientId);
    try {
      this.#storage?.removeItem(this.#prefix + clientId);
    } catch {
      // It stays, is sent again, and the server recognises it.
    }
    return this.putRest();
  }

  /** Forgets what found no room: somebody else signs in. */
  clear() {
    this.#unstored.clear();
    this.#newer.clear();
  }
}

/** @returns {import("./types.js").KeyStorage | null} */
export function localStorageIfAny() {
  try {
    return globalThis.window?.localStorage ?? null;
  } catch {
    return null; // where cookies are blocked
  }
}
