import { listenToHost, tellHost } from "./host.js";

/** Files that are shown, beyond which the oldest are given back. */
const KEPT_BYTES = 96 * 1024 * 1024;

interface Shown {
  url: Promise<string>;
  bytes: number;
}

const shown = new Map<string, Shown>();
const waiting = new Map<
  number,
  { resolve: (blob: Blob) => void; reject: (error: Error) => void }
>();
let last = 0;

listenToHost((message) => {
  if (message.type === "media") {
    waiting.get(message.id)?.resolve(new Blob([message.bytes], { type: message.contentType }));
    waiting.delete(message.id);
  } else if (message.type === "media-failed") {
    waiting.get(message.id)?.reject(new Error(message.detail));
    waiting.delete(message.id);
  }
});

/** An address, of this document alone, for a file of the server: the host fetches it. */
export function blobUrl(path: string): Promise<string> {
  const known = shown.get(path);
  if (known) {
    shown.delete(path);
    shown.set(path, known);
    return known.url;
  }
  const entry: Shown = { url: Promise.resolve(""), bytes: 0 };
  entry.url = ask(path).then((blob) => {
    entry.bytes = blob.size;
    forgetOldest(path);
    return URL.createObjectURL(blob);
  });
  entry.url.catch(() => shown.delete(path));
  shown.set(path, entry);
  return entry.url;
}

function ask(path: string): Promise<Blob> {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    tellHost({ type: "media", id, path });
  });
}

function forgetOldest(kept: string): void {
  let bytes = [...shown.values()].reduce((sum, each) => sum + each.bytes, 0);
  for (const [path, entry] of shown) {
    if (bytes <= KEPT_BYTES) return;
    if (path === kept || entry.bytes === 0) continue;
    bytes -= entry.bytes;
    shown.delete(path);
    void entry.url.then((url) => URL.revokeObjectURL(url));
  }
}
