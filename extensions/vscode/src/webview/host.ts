import type { FromBridge, FromPage, ToPage } from "../bridge/protocol.js";

interface VsCode {
  postMessage(message: unknown): void;
}

declare function acquireVsCodeApi(): VsCode;

const vscode = acquireVsCodeApi();

/** Tells the extension host something; it checks what it is told. */
export function tellHost(message: FromPage | FromBridge): void {
  vscode.postMessage(message);
}

/** Listens to the host, and to nobody else: other frames speak from origins of their own. */
export function listenToHost(listener: (message: ToPage & Record<string, unknown>) => void): void {
  addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (typeof data === "object" && data !== null)
      listener(data as ToPage & Record<string, unknown>);
  });
}

export interface Boot {
  stored: Record<string, string>;
  words: Record<string, string>;
  /** The address of the server whose chat this is, without a slash at its end. */
  server?: string;
  /** The id of the person whose chat this is. */
  user?: string;
}

/** What the host wrote into the document. */
export function boot(): Boot {
  return JSON.parse(document.getElementById("boot")?.textContent ?? "{}") as Boot;
}
