import type { Posted, Posting } from "./post.js";

/** Posts a body and reports progress, which a browser's `fetch` does not. */
export function post(url: URL, { headers, body, signal, onSent }: Posting): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(new Error("The request failed."));
    request.onabort = () => reject(new Error("The request was cancelled."));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    if (signal?.aborted) return request.abort();
    request.send(body);
  });
}
