import * as vscode from "vscode";
import { Server } from "../server/server.js";

const SETTING = "serverUrl";

/** The server that this machine uses. No workspace can set it: the token would follow. */
export function serverAddress(): string {
  return vscode.workspace.getConfiguration("mediaChat").get<string>(SETTING, "").trim();
}

/** Keeps an address that has proven right. */
export async function rememberServerAddress(server: Server): Promise<void> {
  if (serverAddress() === server.origin) return;
  await vscode.workspace
    .getConfiguration("mediaChat")
    .update(SETTING, server.origin, vscode.ConfigurationTarget.Global);
}
