import { ChatError } from "../../../../static/chat/client.js";
import type { Attachment } from "../../../../static/chat/protocol.js";
import type { UploadOptions } from "../../../../static/chat/types.js";
import { counted } from "#platform";
import { Problem } from "../server/problem.js";
import type { Server } from "../server/server.js";

const HOURS_MS = 6 * 3600_000;

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
  const form = new FormData();
  form.append("file", file, (file as File).name ?? "file");
  const encoded = new Response(form);
  const contentType = encoded.headers.get("Content-Type") ?? "multipart/form-data";
  const body = await encoded.blob();
  const init = counted(body, (sent) => onProgress?.(Math.min(sent, body.size), body.size));
  const headers = { ...(init.headers as Record<string, string> | undefined), "Content-Type": contentType };
  try {
    const response = await server.fetch("/api/v1/attachments", {
      ...init,
      method: "POST",
      headers,
      token,
      signal,
      patience: HOURS_MS,
    });
    const answer = (await response.json().catch(() => ({}))) as Partial<Attachment & ChatError>;
    if (response.ok && answer.id) {
      onProgress?.(file.size, file.size);
      return answer as Attachment;
    }
    throw new ChatError(answer.code ?? "server_error", answer.detail ?? "The file was not uploaded.");
  } catch (error) {
    if (signal?.aborted) throw new ChatError("aborted", "The upload was cancelled.");
    if (error instanceof Problem) throw new ChatError("network", error.message);
    throw error;
  }
}
