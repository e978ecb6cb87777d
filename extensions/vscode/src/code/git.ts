import * as vscode from "vscode";
import { repositoryName } from "./remote.js";

/** What of VS Code's Git extension is used here. */
interface GitExtension {
  enabled: boolean;
  getAPI(version: 1): GitApi;
}

interface GitApi {
  repositories: Repository[];
  getRepository(uri: vscode.Uri): Repository | null;
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
}

export interface Repository {
  rootUri: vscode.Uri;
  state: {
    HEAD?: { name?: string; commit?: string };
    remotes: { name: string; fetchUrl?: string; pushUrl?: string }[];
  };
  show(ref: string, path: string): Promise<string>;
  getCommit(ref: string): Promise<unknown>;
}

/** The editor's Git, where there is one: not on every platform, nor in Restricted Mode. */
export async function git(): Promise<GitApi | null> {
  const extension = vscode.extensions.getExtension<GitExtension>("vscode.git");
  if (!extension) return null;
  try {
    const exports = extension.isActive ? extension.exports : await extension.activate();
    return exports.enabled ? exports.getAPI(1) : null;
  } catch {
    return null;
  }
}

/** The repository's name for everyone who cloned it; "" where it was cloned from nowhere. */
export function nameOf(repository: Repository): string {
  const { remotes } = repository.state;
  const remote = remotes.find(({ name }) => name === "origin") ?? remotes[0];
  return repositoryName(remote?.fetchUrl ?? remote?.pushUrl ?? "");
}
