import type { GitProgram } from "./git-program.js";

export { post } from "./web-post.js";

/** The browser's host has everything built in. */
export const WebSocket = globalThis.WebSocket;

/** A browser identifies itself. */
export const userAgent: string | undefined = undefined;

/** Where the files are is not known; browsers refuse what Windows would. */
export const takesAnyName: boolean = false;

/** A browser starts no programs. */
export const gitProgram: ((program: string) => GitProgram) | null = null;

/** Whether the browser has any network. */
export const hasNetwork = (): boolean => navigator.onLine;
