import os from "node:os";
import { WebSocket as NodeWebSocket } from "ws";
import type { GitProgram } from "./git-program.js";
import { NodeGit } from "./node-git.js";

export { post } from "./node-post.js";

const SYSTEMS: Record<string, string> = { Darwin: "Mac OS", Windows_NT: "Windows" };

/**
 * Hosts before Node 22 have no WebSocket of their own. This one goes through the `http` and
 * `https` modules, which VS Code patches, so that proxies and certificates are the editor's.
 */
class HostWebSocket extends NodeWebSocket {
  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
  }
}

export const WebSocket = HostWebSocket as unknown as typeof globalThis.WebSocket;

/** The name that the list of devices shows. */
export const userAgent: string | undefined =
  `MediaChat (VS Code; ${SYSTEMS[os.type()] ?? os.type()})`;

/** Whether any name without a path is allowed for a file; not on Windows. */
export const takesAnyName: boolean = os.platform() !== "win32";

/** Git, if programs can be started. */
export const gitProgram: ((program: string) => GitProgram) | null = (program) =>
  new NodeGit(program);

/** Whether this machine has a network other than loopback. */
export const hasNetwork = (): boolean =>
  Object.values(os.networkInterfaces()).some((addresses) =>
    addresses?.some(({ internal }) => !internal),
  );
