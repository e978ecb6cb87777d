import { ChatError, fileLost } from "../lib/errors.js";
import { FileUpload } from "./file-upload.js";
import { tooLarge } from "../lib/limits.js";
import { passes } from "../retry/retries.js";
import { ErrorCode } from "../../protocol.js";

/** Files at the same time. The server takes one more, for the person's other devices. */
const AT_ONCE = 3;
const UUID_LENGTH = 36;

/** @typedef {import("../connection/types.js").UploadOptions} UploadOptions */
/** @typedef {import("../../protocol.js").Attachment} Attachment */

/** @typedef {import("./file-upload.js").UploadQueue} UploadQueue */

/**
 * All files that a client uploads, some at a time. Until they are done they are stored, and found
 * again after a reload. Of several tabs one uploads a file: the others wait for its lock.
 *
 * @implements {UploadQueue}
 */
export class FileUploads {
  /** @type {FileUpload[]} those that wait for their turn, and those that are under way */
  #queue = [];
  /** @type {Set<FileUpload>} */
  #failed = new Set();
  /** @type {Map<FileUpload, () => void>} releases the lock of each */
  #locks = new Map();
  #upload;
  #limits;
  #store;
  #tryNow;
  #manager;
  #elsewhere;

  /**
   * @param {{
   *   upload: (file: File, options: UploadOptions) => Promise<Attachment>,
   *   limits: () => import("../../protocol.js").Limits,
   *   store: import("./types.js").KeptFiles,
   *   tryNow: () => void,
   *   locks?: Pick<LockManager, "request">,
   *   elsewhere?: import("./types.js").UploadsElsewhere,
   * }} options `tryNow`: tries at once what waits to be tried again
   */
  constructor({ upload, limits, store, tryNow, locks, elsewhere }) {
    this.#upload = upload;
    this.#limits = limits;
    this.#store = store;
    this.#tryNow = tryNow;
    this.#manager = locks;
    this.#elsewhere = elsewhere;
    if (store.isThere) void store.deleteOld();
  }

  /** Whether another program uploads this file, and tells how far it is. @param {string} key */
  isElsewhere(key) {
    return this.#elsewhere?.has(key) ?? false;
  }

  /** Whether this file of an earlier page, or of another program, can be found again here. @param {string} key */
  canFind(key) {
    return (
      this.isElsewhere(key) ||
      (this.#store.isThere && key.slice(0, -UUID_LENGTH) === this.#store.prefix)
    );
  }

  /** Uploads a file as soon as it is its turn. @param {File} file */
  add(file) {
    const key = this.#store.prefix + crypto.randomUUID();
    const upload = new FileUpload(this, {
      key,
      name: file.name || "pasted file",
      size: file.size,
      file,
    });
    const reason = tooLarge(file, this.#limits());
    if (reason) {
      upload.state = "failed";
      upload.error = new ChatError(ErrorCode.TOO_LARGE, reason);
      return upload;
    }
    upload.kept = this.#store.put(key, file);
    void this.#locked(upload);
    this.begin(upload);
    return upload;
  }

  /** What an earlier page had uploaded. @param {Attachment} attachment */
  uploaded(attachment) {
    const { id, name, size } = attachment;
    const upload = new FileUpload(this, { key: id, name, size, file: null });
    return Object.assign(upload, { state: "done", sent: size, attachment });
  }

  /**
   * Goes on with what an earlier page had not uploaded yet, or what another tab may be uploading.
   * @param {{key: string, name: string, size: number}} stored
   */
  found(stored) {
    if (this.#elsewhere?.has(stored.key)) return this.#elsewhere.follow(stored);
    const upload = new FileUpload(this, { ...stored, file: null });
    void this.#find(upload);
    return upload;
  }

  /** @param {FileUpload} upload */
  async #find(upload) {
    await this.#locked(upload);
    const file = upload.abort.signal.aborted ? null : await this.#store.get(upload.key);
    if (upload.abort.signal.aborted) return this.#release(upload);
    if (file) {
      upload.file = file;
      this.begin(upload);
    } else {
      this.#release(upload);
      upload.become({ state: "failed", error: fileLost() });
    }
  }

  /**
   * Tries a file again: a new attempt where it failed, at once where it waits.
   * @param {FileUpload} upload
   */
  retry(upload) {
    if (upload.wait) return this.#tryNow();
    if (upload.state !== "failed") return;
    if (upload.file && tooLarge(upload.file, this.#limits())) return;
    if (upload.file) return this.begin(upload);
    upload.become({ state: "waiting", error: null, abort: new AbortController() });
    void this.#find(upload);
  }

  /** There is a connection again: what failed for want of it is tried again. */
  retryFailed() {
    for (const upload of [...this.#failed]) if (passes(upload.error)) this.retry(upload);
  }

  /** @param {FileUpload} upload */
  begin(upload) {
    this.#failed.delete(upload);
    this.#queue.push(upload);
    upload.become({
      state: "waiting",
      error: null,
      sent: 0,
      attachment: null,
      abort: new AbortController(),
    });
    this.#next();
  }

  /** @param {FileUpload} upload */
  cancel(upload) {
    upload.abort.abort();
    this.#failed.delete(upload);
    if (upload.state === "waiting") this.#queue = this.#queue.filter((other) => other !== upload);
    this.#end(upload);
  }

  /** Uploads nothing any more, and leaves what is stored to the client that comes after this one. */
  leave() {
    for (const upload of this.#queue) upload.abort.abort();
    this.#queue = [];
    this.#failed.clear();
    for (const upload of [...this.#locks.keys()]) this.#release(upload);
  }

  #next() {
    for (const upload of this.#queue.slice(0, AT_ONCE)) {
      if (upload.state === "waiting") void this.#run(upload);
    }
  }

  /** @param {FileUpload} upload */
  async #run(upload) {
    const { signal } = upload.abort;
    upload.become({ state: "sending" });
    try {
      const attachment = await this.#upload(/** @type {File} */ (upload.file), {
        signal,
        onProgress: (sent, total) => {
          upload.become({ sent: total ? (sent / total) * upload.size : sent, wait: null });
        },
        onWait: (wait) => upload.become({ sent: 0, wait }),
      });
      this.#queue = this.#queue.filter((other) => other !== upload);
      // Whoever waits for it writes down what it has become before the file goes.
      upload.become({ state: "done", sent: upload.size, attachment, wait: null });
      this.#end(upload);
    } catch (error) {
      this.#queue = this.#queue.filter((other) => other !== upload);
      if (!signal.aborted) this.#failed.add(upload);
      upload.become({ state: "failed", error: /** @type {ChatError} */ (error), wait: null });
    }
    this.#next();
  }

  /** Nothing more is to be done for a file. @param {FileUpload} upload */
  #end(upload) {
    void this.#store.delete(upload.key);
    this.#release(upload);
  }

  /** @param {FileUpload} upload */
  #release(upload) {
    this.#locks.get(upload)?.();
    this.#locks.delete(upload);
  }

  /** Resolves when no other tab uploads this file, at once where tabs cannot tell. @param {FileUpload} upload */
  #locked(upload) {
    const manager = this.#manager;
    if (!manager || this.#locks.has(upload)) return Promise.resolve();
    return new Promise((resolve) => {
      const held = new Promise((release) => this.#locks.set(upload, () => release(undefined)));
      manager
        .request(`mediachat.file.${upload.key}`, () => {
          resolve(undefined);
          return held;
        })
        .catch(() => resolve(undefined));
    });
  }
}
