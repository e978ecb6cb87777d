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
