/** @typedef {import("./types.js").KeptFiles} KeptFiles */

/** How long a file is kept that no message and no draft took, in milliseconds. */
const KEPT_FOR = 7 * 24 * 3_600_000;
const NAME = "mediachat.files";
const STORE = "files";

/**
 * Where files that are not uploaded yet outlive the page: the browser's database. Where there is
 * none, or no room, they last as long as the page.
 *
 * @implements {KeptFiles}
 */
export class FileStore {
  /** What the keys of its files begin with, before a UUID. */
  prefix = "";
  /** @type {Promise<IDBDatabase> | null} */
  #opened = null;
  #indexedDB;
  #now;

  /**
   * @param {IDBFactory | undefined} indexedDB
   * @param {() => number} now the wall clock, in milliseconds
   */
  constructor(indexedDB, now) {
    this.#indexedDB = indexedDB;
    this.#now = now;
  }

  /** Whether anything outlives the page here. */
  get isThere() {
    return this.#indexedDB !== undefined;
  }

  /**
   * @param {string} key
   * @param {Blob} file
   * @returns {Promise<boolean>} whether it is stored
   */
  async put(key, file) {
    try {
      await this.#do("readwrite", (files) => files.put({ file, at: this.#now() }, key));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * @param {string} key
   * @returns {Promise<File | null>} null where it is not there, or cannot be read
   */
  async get(key) {
    try {
      return (await this.#do("readonly", (files) => files.get(key)))?.file ?? null;
    } catch {
      return null;
    }
  }

  /** @param {string} key */
  async delete(key) {
    try {
      await this.#do("readwrite", (files) => files.delete(key));
    } catch {
      // It goes when it is old.
    }
  }

  /** Deletes what no page came back for. */
  async deleteOld() {
    const before = this.#now() - KEPT_FOR;
    try {
      const keys = await this.#do("readonly", (files) => files.getAllKeys());
      for (const key of keys) {
        const stored = await this.#do("readonly", (files) => files.get(key));
        if (stored?.at < before) await this.delete(String(key));
      }
    } catch {
      // The next page tries it again.
    }
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(files: IDBObjectStore) => IDBRequest<T>} ask
   * @returns {Promise<T>} what was asked, when the transaction is complete
   */
  async #do(mode, ask) {
    this.#opened ??= this.#open();
    const database = await this.#opened;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** @returns {Promise<IDBDatabase>} */
  #open() {
    return new Promise((resolve, reject) => {
      if (!this.#indexedDB) return reject(new Error("there is no database here"));
      const request = this.#indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }
}
