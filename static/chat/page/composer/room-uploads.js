import { Uploads } from "./uploads.js";

/** The files of all drafts, by their rooms. They go on while the person looks at another room. */
export class RoomUploads {
  /** @type {Map<string, Uploads>} */
  #uploads = new Map();
  #client;
  #drafts;

  /**
   * @param {import("../../client.js").ChatClient} client
   * @param {Pick<import("./drafts.js").Drafts, "change">} drafts keeps which files there are
   */
  constructor(client, drafts) {
    this.#client = client;
    this.#drafts = drafts;
    client.addEventListener("left-out", (event) => {
      const { room, upload } = event.detail;
      this.of(room).put([upload]);
    });
    client.addEventListener("restored", () => {
      for (const uploads of this.#uploads.values()) uploads.uploadAgain();
    });
  }

  /** @param {string} roomId */
  of(roomId) {
    const known = this.#uploads.get(roomId);
    if (known) return known;
    const uploads = new Uploads(this.#client);
    this.#uploads.set(roomId, uploads);
    // Also when the person looks at another room by then.
    uploads.addEventListener("change", () => {
      this.#drafts.change(roomId, { attachments: uploads.attachments, files: uploads.unfinished });
    });
    return uploads;
  }
}
