import { ChatError } from "../../../../static/chat/client.js";
import type { Attachment } from "../../../../static/chat/protocol.js";
import { attachmentOf, formWith } from "../../../../static/chat/transports/upload.js";
import type { UploadOptions } from "../../../../static/chat/client/types.js";
import { post } from "#platform";
import { unreached } from "../server/problem.js";
import type { Server } from "../server/server.js";

/**
 * Sends a file to the server.
 * @throws ChatError as the chat's own clients do
 */
export async function upload(
  server: Server,
  token: string,
  file: Blob,
  { onProgress, signal }: UploadOptions,
): Promise<Attachment> {
  const encoded = new Response(formWith(file));
  const contentType = encoded.headers.get("Content-Type") ?? "multipart/form-data";
  const body = await encoded.blob();
  const answer = await post(new URL(`${server.address}/api/v1/attachments`), {
    headers: { "Content-Type": contentType, "X-Session-Token": token },
    body,
    signal,
    onSent: (sent) => onProgress?.(Math.min(sent, body.size), body.size),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw new ChatError("aborted", "The upload was cancelled.");
    throw new ChatError("network", unreached(server.url, error).message);
  });
  return attachmentOf(answer);
}
