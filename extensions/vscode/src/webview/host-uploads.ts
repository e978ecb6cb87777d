/** The files that the extension host uploads, as the page shows them. */
import { ChatError } from "../../../../static/chat/client/lib/errors.js";
import { FileUpload } from "../../../../static/chat/client/uploads/file-upload.js";
import type { UploadsElsewhere } from "../../../../static/chat/client/types.js";
import type { UploadNews } from "../chat/upload-news.js";
import { HOST_FILE } from "../files/kept-files.js";
import { tellHost } from "./host.js";

export class HostUploads implements UploadsElsewhere {
  readonly #shown = new Map<string, Set<FileUpload>>();
  readonly #last = new Map<string, UploadNews>();

  has(key: string): boolean {
    return key.startsWith(HOST_FILE);
  }

  follow(file: { key: string; name: string; size: number }): FileUpload {
    // That its message was discarded is the host's to notice.
    const retry = () => tellHost({ type: "retry-upload", key: file.key });
    const upload = new FileUpload(
      { begin: () => {}, cancel: () => {}, retry },
      { ...file, file: null },
    );
    this.#shown.set(file.key, (this.#shown.get(file.key) ?? new Set()).add(upload));
    const last = this.#last.get(file.key);
    if (last) queueMicrotask(() => this.#move(upload, last));
    return upload;
  }

  hear(news: UploadNews): void {
    this.#last.set(news.key, news);
    for (const upload of this.#shown.get(news.key) ?? []) this.#move(upload, news);
  }

  #move(upload: FileUpload, { sent, state, error, wait, attachment }: UploadNews): void {
    const told = (said: UploadNews["error"]) => said && new ChatError(said.code, said.detail);
    upload.become({ sent, state, attachment, error: told(error), wait: told(wait) });
  }
}
