import { gitProgram } from "#platform";
import * as vscode from "vscode";
import type { GitProgram } from "../platform/git-program.js";

const TIMEOUT_MS = 5_000;

/** The part of VS Code's Git extension that is used here. */
interface GitExtension {
  enabled: boolean;
  getAPI(version: 1): GitApi;
}

interface GitApi {
  state: "uninitialized" | "initialized";
  git: { path: string };
  onDidChangeState: vscode.Event<GitApi["state"]>;
  repositories: Repository[];
  getRepository(uri: vscode.Uri): Repository | null;
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
}

export interface Repository {
  rootUri: vscode.Uri;
}

/** The editor's Git extension, if there is one: not on every platform, nor in Restricted Mode. */
export async function git(): Promise<GitApi | null> {
  const extension = vscode.extensions.getExtension<GitExtension>("vscode.git");
  if (!extension) return null;
  try {
    const exports = extension.isActive ? extension.exports : await extension.activate();
    if (!exports.enabled) return null;
    const api = exports.getAPI(1);
    await settled(api);
    return api;
  } catch {
    return null;
  }
}

/** Git itself, for queries that the extension does not offer; null if no program may run. */
export async function program(): Promise<GitProgram | null> {
  if (!gitProgram || !vscode.workspace.isTrusted) return null;
  const api = await git();
  return api && gitProgram(api.git.path);
}

/** Resolves once Git knows the open repositories: just after the start it knows none. */
async function settled(api: GitApi): Promise<void> {
  if (api.state === "initialized") return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, TIMEOUT_MS);
    const listening = api.onDidChangeState(() => {
      clearTimeout(timer);
      listening.dispose();
      resolve();
    });
  });
}
