import * as vscode from "vscode";
import { Problem } from "../server/problem.js";
import type { Server } from "../server/server.js";

/** Signing in where the browser is signed in already. */
export async function signInWithBrowser(server: Server): Promise<void> {
  void server;
  throw new Problem("refused", vscode.l10n.t("This server does not offer that yet. Use your username and password."));
}
