/** @typedef {import("../../client/uploads/file-upload.js").FileUpload} FileUpload */

/**
 * The files of one room's draft. They go on while the person looks at another room. Tells `change`
 * whenever one of them moved.
 */
export class Uploads extends EventTarget {
  /** @type {FileUpload[]} */
  list = [];

  /** @param {import("../../client.js").ChatClient} client */
  constructor(client) {
    super();
    this.client = client;
    this.onChange = () => this.changed();
  }

  /** Whether one did not arrive that may arrive when it is tried again. */
  get failed() {
    return this.list.some(({ state, isRefused }) => state === "failed" && !isRefused);
  }

  /** Whether there is one to be sent. */
  get hasSome() {
    return this.list.some(({ isRefused }) => !isRefused);
  }

  /** What is uploaded. */
  get attachments() {
    return this.list.flatMap(({ attachment }) => (attachment ? [attachment] : []));
  }

  /** What is not, as it is found again after a reload. */
  get unfinished() {
    const unfinished = this.list.filter(({ attachment, isRefused }) => !attachment && !isRefused);
    return unfinished.map(({ key, name, size }) => ({ key, name, size }));
  }

  /**
   * @param {Iterable<File>} files
   * @returns {boolean} false when some were left out, because a message holds no more
   */
  add(files) {
    const wanted = [...files];
    const room = Math.max(0, this.client.limits.attachments - this.list.length);
    this.put(wanted.slice(0, room).map((file) => this.client.uploads.add(file)));
    return wanted.length <= room;
  }

  /**
   * Takes back what an earlier page had.
   * @param {Pick<import("./drafts.js").Draft, "attachments" | "files">} draft
   */
  restore({ attachments, files }) {
    const { uploads } = this.client;
    this.put([
      ...attachments.map((attachment) => uploads.uploaded(attachment)),
      ...files.map((file) => uploads.found(file)),
    ]);
  }

  /** @param {FileUpload[]} uploads */
  put(uploads) {
    this.list = [...this.list, ...uploads];
    for (const upload of uploads) upload.addEventListener("change", this.onChange);
    this.changed();
  }

  /** @param {FileUpload} upload */
  remove(upload) {
    this.let([upload]);
    upload.cancel();
  }

  /** Those that go on with a message. What the server does not keep stays, and says why. */
  take() {
    const taken = this.list.filter(({ isRefused }) => !isRefused);
    this.let(taken);
    return taken;
  }

  /** @param {FileUpload[]} uploads */
  let(uploads) {
    for (const upload of uploads) upload.removeEventListener("change", this.onChange);
    this.list = this.list.filter((upload) => !uploads.includes(upload));
    this.changed();
  }

  /**
   * The server was restored from a backup, and may not have what was uploaded after it. Of what an
   * earlier page had uploaded there is no file here: whether the server has it shows when it is sent.
   */
  uploadAgain() {
    for (const upload of this.list) upload.again();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}
