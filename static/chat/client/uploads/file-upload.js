import { ErrorCode } from "../../protocol.js";

/**
 * What is wrong with the file, and not with the way to the server.
 *
 * @type {Set<string>}
 */
const REFUSALS = new Set([
  ErrorCode.TOO_LARGE,
  ErrorCode.QUOTA_EXCEEDED,
  ErrorCode.UNSUPPORTED_MEDIA,
  ErrorCode.BAD_REQUEST,
]);

/**
 * What a file on its way asks of those who upload it.
 * @typedef {object} UploadQueue
 * @property {(upload: FileUpload) => void} begin
 * @property {(upload: FileUpload) => void} retry
 * @property {(upload: FileUpload) => void} cancel
 */

/**
 * One file on its way to the server. Tells `change` whenever it moved.
 *
 * It goes on wherever the person looks, and is sent with a message before or after it is done:
 * `ChatClient.sendMessage` takes it among the attachments.
 */
export class FileUpload extends EventTarget {
  /** Bytes that are there. */
  sent = 0;
  /** @type {"waiting" | "sending" | "done" | "failed"} */
  state = "waiting";
  /** @type {import("../lib/errors.js").ChatError | null} why it failed */
  error = null;
  /** @type {import("../lib/errors.js").ChatError | null} why it is being tried again */
  wait = null;
  /** @type {import("../../protocol.js").Attachment | null} */
  attachment = null;
  /** Resolves to whether the file outlives this program, when that is known. */
  kept = Promise.resolve(false);
  abort = new AbortController();
  #queue;

  /**
   * @param {UploadQueue} queue
   * @param {{key: string, name: string, size: number, file: File | null}} of `key`: under which it is
   *   stored; `file`: null while it is not read from there
   */
  constructor(queue, { key, name, size, file }) {
    super();
    this.#queue = queue;
    this.key = key;
    this.name = name;
    this.size = size;
    this.file = file;
  }

  get isUnfinished() {
    return this.state === "waiting" || this.state === "sending";
  }

  /** Whether the server cannot keep this file: nothing waits for it. */
  get isRefused() {
    return this.state === "failed" && REFUSALS.has(this.error?.code ?? "");
  }

  /** Tries again what failed or waits. */
  retry() {
    this.#queue.retry(this);
  }

  /** Uploads what is done once more: the server may have lost it. */
  again() {
    if (this.state === "done" && this.file) this.#queue.begin(this);
  }

  /** Gives it up. */
  cancel() {
    this.#queue.cancel(this);
  }

  /** @param {Partial<Pick<FileUpload, "sent" | "state" | "error" | "wait" | "attachment" | "file" | "abort">>} change */
  become(change) {
    Object.assign(this, change);
    this.dispatchEvent(new Event("change"));
  }
}
