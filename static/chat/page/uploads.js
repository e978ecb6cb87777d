import { tooLarge } from "../limits.js";
import { waitWords } from "./waits.js";

/**
 * @typedef {Object} Upload
 * @property {number} key
 * @property {File | null} file null for one that an earlier page uploaded
 * @property {string} name
 * @property {number} size bytes
 * @property {number} sent bytes
 * @property {"waiting" | "sending" | "done" | "failed"} state
 * @property {string} error why it failed, to be shown
 * @property {boolean} refused whether the server cannot keep this file
 * @property {string} wait why it is being tried again, to be shown; '' where it goes on
 * @property {import("../protocol.js").Attachment | null} attachment
 * @property {AbortController} abort
 */

/** Files of all rooms together. The server takes one more, for the person's other devices. */
const AT_ONCE = 3;
let lastKey = 0;
let running = 0;
/** Those whose files wait for others to be done. @type {Set<Uploads>} */
const waiting = new Set();

/**
 * The files of one room's draft on their way to the server. They go on while the person
 * looks at another room. Tells `change` whenever one of them moved.
 */
export class Uploads extends EventTarget {
  /** @param {import("../client.js").ChatClient} client */
  constructor(client) {
    super();
    this.client = client;
    /** @type {Upload[]} */
    this.list = [];
    /**
     * What is done as soon as all files are there, wherever the person looks by then; null when
     * nothing waits for them. It is given up when one fails.
     * @type {(() => void) | null}
     */
    this.whenDone = null;
  }

  get unfinished() {
    return this.list.some(({ state }) => state === "waiting" || state === "sending");
  }

  /** Whether one did not arrive that may arrive when it is tried again. */
  get failed() {
    return this.list.some(({ state, refused }) => state === "failed" && !refused);
  }

  /** Those that the server cannot keep, such as one that is too large: nothing waits for them. */
  get refused() {
    return this.list.filter(({ refused }) => refused);
  }

  get attachments() {
    return this.list.flatMap(({ attachment }) => (attachment ? [attachment] : []));
  }

  /**
   * @param {Iterable<File>} files
   * @returns {boolean} false when some were left out, because a message holds no more
   */
  add(files) {
    const wanted = [...files];
    const { limits } = this.client;
    const room = Math.max(0, limits.attachments - this.list.length);
    for (const file of wanted.slice(0, room)) {
      this.list.push({
        key: ++lastKey,
        file,
        name: file.name || "pasted file",
        size: file.size,
        sent: 0,
        state: tooLarge(file, limits) ? "failed" : "waiting",
        error: tooLarge(file, limits),
        refused: tooLarge(file, limits) !== "",
        wait: "",
        attachment: null,
        abort: new AbortController(),
      });
    }
    this.next();
    return wanted.length <= room;
  }

  /** Takes back what an earlier page had uploaded. @param {import("../protocol.js").Attachment[]} attachments */
  restore(attachments) {
    this.list = attachments.map((attachment) => ({
      key: ++lastKey,
      file: null,
      name: attachment.name,
      size: attachment.size,
      sent: attachment.size,
      state: "done",
      error: "",
      refused: false,
      wait: "",
      attachment,
      abort: new AbortController(),
    }));
    this.changed();
  }

  /** @param {Upload} upload */
  remove(upload) {
    this.list = this.list.filter((other) => other !== upload);
    upload.abort.abort();
    this.next();
  }

  /** @param {Upload} upload */
  retry(upload) {
    if (upload.wait) return this.client.tryNow();
    Object.assign(upload, { state: "waiting", error: "", refused: false, sent: 0, abort: new AbortController() });
    this.next();
  }

  /**
   * The server was restored from a backup, and may not have what was uploaded after it. Of what an
   * earlier page had uploaded there is no file here: whether the server has it shows when it is sent.
   */
  uploadAgain() {
    for (const upload of this.list) {
      if (upload.state !== "done" || !upload.file) continue;
      Object.assign(upload, { state: "waiting", sent: 0, attachment: null, abort: new AbortController() });
    }
    this.next();
  }

  /** Their message is sent. What the server did not keep stays, and says why. */
  clear() {
    this.list = this.refused;
    waiting.delete(this);
    this.changed();
  }

  next() {
    for (const upload of this.list) {
      if (running >= AT_ONCE) break;
      if (upload.state === "waiting") void this.run(upload);
    }
    if (this.list.some(({ state }) => state === "waiting")) waiting.add(this);
    else waiting.delete(this);
    this.changed();
  }

  /** @param {Upload} upload */
  async run(upload) {
    running += 1;
    upload.state = "sending";
    try {
      upload.attachment = await this.client.upload(/** @type {File} */ (upload.file), {
        signal: upload.abort.signal,
        onProgress: (sent, total) => {
          upload.sent = total ? (sent / total) * upload.size : sent;
          upload.wait = "";
          this.changed();
        },
        onWait: (error) => {
          upload.sent = 0;
          upload.wait = waitWords(error);
          this.changed();
        },
      });
      upload.state = "done";
      upload.sent = upload.size;
    } catch (error) {
      upload.state = "failed";
      upload.error = reason(error);
      upload.refused = isRefused(error);
    }
    upload.wait = "";
    running -= 1;
    this.next();
    for (const other of [...waiting]) other.next();
  }

  changed() {
    const { whenDone } = this;
    if (this.failed || !this.unfinished) this.whenDone = null;
    if (whenDone && !this.failed && !this.unfinished) whenDone();
    this.dispatchEvent(new Event("change"));
  }
}

/** What is wrong with the file, and not with the way to the server. */
const REFUSALS = new Set(["too_large", "quota_exceeded", "unsupported_media", "bad_request"]);

/** @param {unknown} error */
const isRefused = (error) => REFUSALS.has(/** @type {{code: string}} */ (error).code);

/** @param {unknown} error */
function reason(error) {
  const { code, detail } = /** @type {{code?: string, detail?: string}} */ (error);
  if (code === "network") return "The server was not reached. Check your connection and retry.";
  return detail || "The upload failed. Retry it.";
}
