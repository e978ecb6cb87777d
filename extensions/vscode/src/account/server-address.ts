import * as vscode from "vscode";
import { Server } from "../server/server.js";

const SETTING = "serverUrl";

/**
 * The server that this person uses. Neither a workspace nor a container can set it, which a
 * repository describes: the password would follow.
 */
export function serverAddress(): string {
  return vscode.workspace.getConfiguration("mediaChat").get<string>(SETTING, "").trim();
}

/** Keeps an address that has proven right. */
export async function rememberServerAddress(server: Server): Promise<void> {
  if (serverAddress() === server.address) return;
  await vscode.workspace
    .getConfiguration("mediaChat")
    .update(SETTING, server.address, vscode.ConfigurationTarget.Global);
}

/**
 * Without encryption everyone on the way reads the password and all that is written, so the person
 * is asked whether that is what they want. On their own machine there is no way.
 */
export async function mayTravelInTheClear(server: Server): Promise<boolean> {
  if (server.isPrivate) return true;
  const { l10n, window } = vscode;
  const goOn = l10n.t("Sign In Unencrypted");
  const answer = await window.showWarningMessage(
    l10n.t("The connection to {0} is not encrypted.", server.url.host),
    {
      modal: true,
      detail: l10n.t("Whoever is on the way can read your password and your messages. Use the server's https:// address if it has one, or ask whoever runs it for one."),
    },
    goOn,
  );
  return answer === goOn;
}
