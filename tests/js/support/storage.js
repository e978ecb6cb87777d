/** What of `localStorage` is used, over a plain map. */
export class MemoryStorage {
  /** How many characters it holds. */
  limit = Infinity;
  /** @type {Map<string, string>} */
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  /** @param {number} index */
  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  /** @param {string} key */
  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    const others = [...this.#items].filter(([other]) => other !== key);
    const taken = others.reduce((sum, [, each]) => sum + each.length, 0);
    if (taken + value.length > this.limit) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#items.delete(key);
  }
}

/** One browser's storage as its tabs share it: each is told what the others write. */
export class SharedStorage extends MemoryStorage {
  /** @type {EventTarget[]} */
  #tabs = [];

  /** What one tab has of it. */
  tab() {
    const events = new EventTarget();
    this.#tabs.push(events);
    const shared = this;
    /** @param {string} key @param {() => void} change */
    const told = (key, change) => {
      const oldValue = shared.getItem(key);
      change();
      const newValue = shared.getItem(key);
      if (oldValue === newValue) return;
      const others = shared.#tabs.filter((other) => other !== events);
      const event = () => Object.assign(new Event("storage"), { key, oldValue, newValue });
      queueMicrotask(() => others.forEach((other) => other.dispatchEvent(event())));
    };
    /** @type {import("../../../static/chat/client/types.js").KeyStorage} */
    const storage = {
      get length() {
        return shared.length;
      },
      key: (index) => shared.key(index),
      getItem: (key) => shared.getItem(key),
      setItem: (key, value) => told(key, () => shared.setItem(key, value)),
      removeItem: (key) => told(key, () => shared.removeItem(key)),
    };
    return { storage, events };
  }
}
