import * as vscode from "vscode";

const SAME_NAME_LIMIT = 20;
const TIMEOUT_MS = 10_000;
const NOT_SEARCHED = "**/{node_modules,.git,dist,out,build,.venv}/**";

/** Files of the workspace with the same name as this path. */
export function filesNamedAs(path: string): Promise<vscode.Uri[]> {
  const name = path.split("/").at(-1) ?? path;
  // The name comes from another person: characters with a meaning in patterns are removed.
  return search(`**/${name.replace(/[[\]{}*?!,]/g, "?")}`, SAME_NAME_LIMIT);
}

/** Files of the workspace. A virtual one may lack a search provider, and then never answers. */
export async function search(pattern: string, limit: number): Promise<vscode.Uri[]> {
  const cancel = new vscode.CancellationTokenSource();
  let timeout: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<vscode.Uri[]>((resolve) => {
    timeout = setTimeout(() => resolve([]), TIMEOUT_MS);
  });
  try {
    return await Promise.race([
      vscode.workspace.findFiles(pattern, NOT_SEARCHED, limit, cancel.token),
      late,
    ]);
  } finally {
    clearTimeout(timeout);
    cancel.cancel();
  }
}
