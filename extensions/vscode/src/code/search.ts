import * as vscode from "vscode";

const SAME_NAME_LIMIT = 20;
const TIMEOUT_MS = 10_000;
const NOT_SEARCHED = "**/{node_modules,.git,dist,out,build,.venv}/**";

/** Files of the workspace that are called as the one with this path. */
export function filesNamedAs(path: string): Promise<vscode.Uri[]> {
  const name = path.split("/").at(-1) ?? path;
  // The name comes from somebody else: signs that a pattern would read are left out.
  return search(`**/${name.replace(/[[\]{}*?!,]/g, "?")}`, SAME_NAME_LIMIT);
}

/** Files of the workspace. A virtual one may have nobody who searches it, and then never answers. */
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
