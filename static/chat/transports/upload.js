import { addressOn } from "../client/lib/addresses.js";
import { ChatError } from "../client/lib/errors.js";
import { ErrorCode } from "../protocol.js";

/**
 * @typedef {import("../client/connection/types.js").UploadOptions
 *   & {server: string, sessionToken: string | null}} Options
 */

/** What is said where a proxy answered, which may have limits of its own. @type {Record<string, string>} */
const DETAILS = { too_large: "This is larger than the server takes." };

/**
 * Uploads one file over HTTP. Browsers tell how far it is; elsewhere progress is told at the end.
 *
 * @param {Blob} file
 * @param {Options} options
 * @returns {Promise<import("../protocol.js").Attachment>} rejects with a {@link ChatError}
 */
export async function upload(file, { server, sessionToken, signal, onProgress }) {
  const url = addressOn(server, "/api/v1/attachments").href;
  const form = formWith(file);
  /** @type {Record<string, string>} */
  const headers = sessionToken
    ? { "X-Session-Token": sessionToken }
    : { "X-CSRFToken": csrfToken() };
  const request = { url, form, headers, hasCookies: !sessionToken, signal, onProgress };
  return attachmentOf(await (globalThis.XMLHttpRequest ? byXhr(request) : byFetch(request)));
}

/**
 * What the server answered to an upload.
 * @param {Answer} answer
 * @returns {import("../protocol.js").Attachment} throws a {@link ChatError} where it was refused
 */
export function attachmentOf({ status, text, retryAfter }) {
  const answer = parsed(text);
  if (status >= 200 && status < 300 && answer?.id) return answer;
  const code = answer?.code ?? codeOf(status);
  throw new ChatError(code, answer?.detail ?? DETAILS[code] ?? "The file was not uploaded.", {
    retryAfter: Number(retryAfter) || 0, // it may be a date
  });
}

/**
 * The form that carries a file. Its name is a field too: as `filename` a quote and a `%22` in it
 * would be the same.
 *
 * @param {Blob} file
 */
export function formWith(file) {
  const name = /** @type {File} */ (file).name ?? "file";
  const form = new FormData();
  form.append("name", name);
  form.append("file", file, name);
  return form;
}

/**
 * @typedef {{url: string, form: FormData, headers: Record<string, string>, hasCookies: boolean}
 *   & import("../client/connection/types.js").UploadOptions} Request
 */

/** @typedef {{status: number, text: string, retryAfter?: string | null}} Answer */

/**
 * @param {Request} request
 * @returns {Promise<Answer>}
 */
function byXhr({ url, form, headers, hasCookies, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted());
    const xhr = new XMLHttpRequest();
    xhr.open("POST", url);
    xhr.withCredentials = hasCookies;
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    const abort = () => xhr.abort();
    signal?.addEventListener("abort", abort);
    xhr.upload.onprogress = ({ loaded, total }) => onProgress?.(loaded, total);
    xhr.onload = () => {
      const retryAfter = xhr.getResponseHeader("Retry-After");
      resolve({ status: xhr.status, text: xhr.responseText, retryAfter });
    };
    xhr.onerror = () => reject(unreached());
    xhr.onabort = () => reject(aborted());
    xhr.onloadend = () => signal?.removeEventListener("abort", abort);
    xhr.send(form);
  });
}

/**
 * @param {Request} request
 * @returns {Promise<Answer>}
 */
async function byFetch({ url, form, headers, hasCookies, signal, onProgress }) {
  const credentials = hasCookies ? "include" : "omit";
  try {
    const response = await fetch(url, { method: "POST", body: form, headers, credentials, signal });
    const size = /** @type {Blob} */ (form.get("file")).size;
    onProgress?.(size, size);
    const retryAfter = response.headers.get("Retry-After");
    return { status: response.status, text: await response.text(), retryAfter };
  } catch {
    throw signal?.aborted ? aborted() : unreached();
  }
}

const aborted = () => new ChatError("aborted", "The upload was cancelled.");
const unreached = () =>
  new ChatError("network", "The server was not reached. Check the connection and try again.");

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // an error page of a proxy
  }
}

/** What an answer without a code means, such as a proxy's. @param {number} status */
function codeOf(status) {
  if (status === 413) return ErrorCode.TOO_LARGE;
  if (status === 401) return ErrorCode.UNAUTHENTICATED;
  if (status === 403) return ErrorCode.FORBIDDEN;
  if (status === 404) return ErrorCode.NOT_FOUND;
  if (status === 408) return "timeout";
  if (status === 429) return ErrorCode.RATE_LIMITED;
  return status >= 500 ? ErrorCode.SERVER_ERROR : ErrorCode.BAD_REQUEST;
}

function csrfToken() {
  const meta = globalThis.document?.querySelector('meta[name="csrf-token"]');
  const cookie = globalThis.document?.cookie.match(/(?:^|;\s*)(?:__Host-)?csrftoken=([^;]+)/)?.[1];
  return cookie ?? meta?.getAttribute("content") ?? "";
}
