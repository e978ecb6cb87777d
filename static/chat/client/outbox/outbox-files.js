/** @typedef {import("../../protocol.js").Attachment} Attachment */
/** @typedef {import("./types.js").Unsent} Unsent */

/** @typedef {import("../uploads/file-upload.js").FileUpload} FileUpload */

/**
 * The files of unsent messages. Those that are not uploaded yet are on their way, and found again
 * after a reload. The others are held for as long as this client has them: a server that was
 * restored from a backup does not know what was uploaded after that backup, and takes a message
 * only when its files are uploaded again.
 */
export class OutboxFiles {
  /** @type {WeakMap<Attachment, Blob>} what was uploaded here and belongs to no message yet */
  #uploaded = new WeakMap();
  /**
   * By `client_id` of the message, then by id of the attachment. `again`: the history's epoch in
   * which the file was uploaded again; undefined before.
   * @type {Map<string, Map<string, {file: Blob, again?: string | null}>>}
   */
  #held = new Map();
  /** @type {Map<string, Map<string, FileUpload>>} on their way, by `client_id` and key */
  #uploads = new Map();
  /** @type {Set<string>} messages whose files are being uploaded again, by `client_id` */
  #renewing = new Set();
  #upload;
  #found;
  #canFind;
  #isElsewhere;
  #epoch;
  /** Called when a file of this message has moved. @type {(clientId: string) => void} */
  moved = () => {};

  /**
   * @param {{
   *   upload: (file: Blob, signal: AbortSignal) => Promise<Attachment>,
   *   found: (stored: {key: string, name: string, size: number}) => FileUpload,
   *   canFind: (key: string) => boolean,
   *   isElsewhere: (key: string) => boolean,
   *   epoch: () => string | null,
   * }} options `found` goes on with a file of an earlier page, where that `canFind` it, or follows one that
   *   another program uploads; `epoch`: the id of the server's history now
   */
  constructor({ upload, found, canFind, isElsewhere, epoch }) {
    this.#upload = upload;
    this.#found = found;
    this.#canFind = canFind;
    this.#isElsewhere = isElsewhere;
    this.#epoch = epoch;
  }

  /** The files of a message that are on their way from here. @param {string} clientId */
  uploadsOf(clientId) {
    return [...(this.#uploads.get(clientId)?.values() ?? [])];
  }

  /**
   * A message waits for these files.
   * @param {string} clientId
   * @param {FileUpload[]} uploads
   */
  follow(clientId, uploads) {
    if (uploads.length === 0) return;
    this.#uploads.set(clientId, new Map(uploads.map((upload) => [upload.key, upload])));
    for (const upload of uploads) {
      upload.addEventListener("change", () => {
        if (this.#uploads.get(clientId)?.get(upload.key) === upload) this.moved(clientId);
      });
    }
  }

  /**
   * Goes on with the files of an earlier page.
   * @param {Unsent} entry
   * @returns {boolean} whether they are on their way; false where no file outlives its page
   */
  goOn(entry) {
    const known = this.#uploads.get(entry.client_id);
    const { uploading = [] } = entry;
    if (uploading.every((key) => known?.has(key))) return true;
    if (!uploading.every((key) => known?.has(key) || this.#canFind(key))) return false;
    this.#find(entry);
    return true;
  }

  /** Follows the files of a message that another program uploads, also without a connection. @param {Unsent} entry */
  followElsewhere(entry) {
    const known = this.#uploads.get(entry.client_id);
    const { uploading = [] } = entry;
    if (uploading.length > 0 && !known && uploading.every(this.#isElsewhere)) this.#find(entry);
  }

  /** @param {Unsent} entry */
  #find({ client_id, attachments, uploading = [] }) {
    const known = this.#uploads.get(client_id);
    const waited = attachments.filter(({ id }) => uploading.includes(id));
    this.follow(
      client_id,
      waited.map(({ id: key, name, size }) => known?.get(key) ?? this.#found({ key, name, size })),
    );
  }

  /**
   * A message with what has been uploaded of it meanwhile; the same where nothing has.
   * @param {Unsent} entry
   * @returns {Unsent}
   */
  settled(entry) {
    const { client_id, uploading = [] } = entry;
    const uploads = this.#uploads.get(client_id);
    const done = new Map(uploading.map((key) => [key, uploads?.get(key)?.attachment]));
    const left = uploading.filter((key) => !done.get(key));
    if (left.length === uploading.length) return entry;
    for (const key of uploading) if (done.get(key)) uploads?.delete(key);
    const attachments = entry.attachments.map(
      (attachment) => done.get(attachment.id) ?? attachment,
    );
    const settled = { ...entry, attachments, uploading: left.length > 0 ? left : undefined };
    this.hold(settled);
    return settled;
  }

  /**
   * Takes what the server cannot keep out of a message, where something else is left of it.
   * @param {Unsent} entry
   * @returns {{entry: Unsent, refused: FileUpload[]}}
   */
  withoutRefused(entry) {
    const refused = this.uploadsOf(entry.client_id).filter(({ isRefused }) => isRefused);
    const keys = new Set(refused.map(({ key }) => key));
    const attachments = entry.attachments.filter(({ id }) => !keys.has(id));
    if (refused.length === 0 || (!entry.body && attachments.length === 0))
      return { entry, refused: [] };
    for (const key of keys) this.#uploads.get(entry.client_id)?.delete(key);
    const left = (entry.uploading ?? []).filter((key) => !keys.has(key));
    return {
      entry: { ...entry, attachments, uploading: left.length > 0 ? left : undefined },
      refused,
    };
  }

  /** Why a file of a message is not uploaded, or null. @param {Unsent} entry */
  failure({ client_id, uploading = [] }) {
    const uploads = uploading.map((key) => this.#uploads.get(client_id)?.get(key));
    return uploads.find((upload) => upload?.state === "failed")?.error ?? null;
  }

  /**
   * Takes the files of a message back from it, to be sent with another one.
   * @param {string} clientId
   */
  takeBack(clientId) {
    const uploads = this.uploadsOf(clientId);
    this.#uploads.delete(clientId);
    return uploads;
  }

  /**
   * A file was uploaded. It is kept for as long as the caller keeps the attachment.
   * @param {Attachment} attachment
   * @param {Blob} file
   */
  uploaded(attachment, file) {
    this.#uploaded.set(attachment, file);
  }

  /** A message is in the outbox, and its files with it. @param {Pick<Unsent, "client_id" | "attachments">} entry */
  hold({ client_id, attachments }) {
    const held = attachments.flatMap((attachment) => {
      const file = this.#uploaded.get(attachment);
      return file ? [/** @type {const} */ ([attachment.id, { file }])] : [];
    });
    const earlier = this.#held.get(client_id) ?? [];
    if (held.length > 0) this.#held.set(client_id, new Map([...earlier, ...held]));
  }

  /** The message is sent or discarded. @param {string} clientId */
  release(clientId) {
    this.#held.delete(clientId);
    for (const upload of this.takeBack(clientId)) upload.cancel();
  }

  /** Another person signs in. */
  clear() {
    this.#held.clear();
    this.#uploads.clear();
  }

  /** The person wants everything tried again. @param {string} clientId */
  retry(clientId) {
    for (const held of this.#held.get(clientId)?.values() ?? []) delete held.again;
    for (const upload of this.uploadsOf(clientId)) upload.retry();
  }

  /** @param {string} clientId */
  isRenewing(clientId) {
    return this.#renewing.has(clientId);
  }

  /**
   * Those of a message's files that the server may lack: all that were not uploaded again already.
   * @param {Unsent} entry
   */
  doubtful({ client_id, attachments }) {
    const held = this.#held.get(client_id);
    const epoch = this.#epoch();
    return attachments.filter(({ id }) => held?.get(id)?.again !== epoch);
  }

  /** Whether some of the doubtful ones can be uploaded again from here. @param {Unsent} entry */
  canRenew(entry) {
    const held = this.#held.get(entry.client_id);
    return this.doubtful(entry).some(({ id }) => held?.has(id));
  }

  /**
   * Uploads again what this client has of the doubtful files.
   *
   * @param {Unsent} entry
   * @param {AbortSignal} signal
   * @returns {Promise<Attachment[]>} all attachments of the message as they are now; rejects with
   *   what an upload was refused for, or `aborted` by the signal
   */
  async renew(entry, signal) {
    const { client_id, attachments } = entry;
    const held = this.#held.get(client_id) ?? new Map();
    const doubtful = new Set(this.doubtful(entry).map(({ id }) => id));
    this.#renewing.add(client_id);
    try {
      const renewed = [];
      for (const attachment of attachments) {
        const file = doubtful.has(attachment.id) && held.get(attachment.id)?.file;
        const now = file ? await this.#upload(file, signal) : attachment;
        if (file) held.set(now.id, { file, again: this.#epoch() });
        renewed.push(now);
      }
      return renewed;
    } finally {
      this.#renewing.delete(client_id);
    }
  }
}
