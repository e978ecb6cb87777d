import type { ChatClient } from "../../../../static/chat/client.js";
import type { FileUpload } from "../../../../static/chat/client/uploads/file-upload.js";
import type { Attachment } from "../../../../static/chat/protocol.js";

/** How far a file of the extension host is, as its pages are told. */
export interface UploadNews {
  key: string;
  sent: number;
  state: FileUpload["state"];
  error: { code: string; detail: string } | null;
  wait: { code: string; detail: string } | null;
  attachment: Attachment | null;
}

/** Tells how far the files of unsent messages are that a client uploads. */
export function tellUploads(client: ChatClient, tell: (news: UploadNews) => void): void {
  const followed = new WeakSet<FileUpload>();
  client.addEventListener("outbox", () => {
    for (const { client_id, uploading } of client.unsent) {
      if (!uploading) continue;
      for (const upload of client.uploadsOf(client_id)) {
        if (followed.has(upload)) continue;
        followed.add(upload);
        upload.addEventListener("change", () => tell(newsOf(upload)));
        tell(newsOf(upload));
      }
    }
  });
}

/** How far all of them are now, for a page that begins. */
export function uploadsNow(client: ChatClient): UploadNews[] {
  return client.unsent.flatMap(({ client_id }) => client.uploadsOf(client_id).map(newsOf));
}

/** Tries a file again, because a page asks for it. */
export function retryUpload(client: ChatClient, key: string): void {
  for (const { client_id } of client.unsent)
    client
      .uploadsOf(client_id)
      .find((each) => each.key === key)
      ?.retry();
}

function newsOf({ key, sent, state, error, wait, attachment }: FileUpload): UploadNews {
  return { key, sent, state, error: plain(error), wait: plain(wait), attachment };
}

const plain = (error: { code: string; detail: string } | null) =>
  error && { code: error.code, detail: error.detail };
