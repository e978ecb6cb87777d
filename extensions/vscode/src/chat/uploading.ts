import { ChatError } from "../../../../static/chat/client.js";
import type { Attachment } from "../../../../static/chat/protocol.js";
import { codeOf, formWith } from "../../../../static/chat/transports/upload.js";
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
  const { status, text } = await post(new URL(`${server.address}/api/v1/attachments`), {
    headers: { "Content-Type": contentType, "X-Session-Token": token },
    body,
    signal,
    onSent: (sent) => onProgress?.(Math.min(sent, body.size), body.size),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw new ChatError("aborted", "The upload was cancelled.");
    throw new ChatError("network", unreached(server.url, error).message);
  });
  const answer = parsed(text);
  if (status < 300 && answer.id) return answer as Attachment;
  throw new ChatError(answer.code ?? codeOf(status), answer.detail ?? "The file was not uploaded.");
}

function parsed(text: string): Partial<Attachment & ChatError> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<Attachment & ChatError>;
  } catch {
    return {}; // what stands between may answer with a page of its own
  }
}
