/** @typedef {import("./protocol.js").Attachment} Attachment */
/** @typedef {import("./types.js").Unsent} Unsent */

/**
 * The files of unsent messages, for as long as this client has them. A server that was restored
 * from a backup does not know what was uploaded after that backup, and takes a message only when
 * its files are uploaded again. They are not stored: after a reload they are gone.
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
  /** @type {Set<string>} messages whose files are being uploaded again, by `client_id` */
  #renewing = new Set();
  #upload;
  #epoch;

  /**
   * @param {{
   *   upload: (file: Blob, signal: AbortSignal) => Promise<Attachment>,
   *   epoch: () => string | null,
   * }} options `epoch`: the id of the server's history now
   */
  constructor({ upload, epoch }) {
    this.#upload = upload;
    this.#epoch = epoch;
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
    if (held.length > 0) this.#held.set(client_id, new Map(held));
  }

  /** The message is sent or discarded. @param {string} clientId */
  release(clientId) {
    this.#held.delete(clientId);
  }

  /** Somebody else signs in. */
  clear() {
    this.#held.clear();
  }

  /** The person wants everything tried again. @param {string} clientId */
  retry(clientId) {
    for (const held of this.#held.get(clientId)?.values() ?? []) delete held.again;
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
