import * as vscode from "vscode";
import { isPrivate, readAddress } from "../server/address.js";
import { findServer } from "../server/find-server.js";
import type { Server } from "../server/server.js";

const SETTING = "serverUrl";
/** A request that takes longer shows progress. */
const UNSEEN_MS = 1_000;

/**
 * The address of this person's server. Neither a workspace nor a container can set it, because a
 * repository could describe them: the password would be sent there.
 */
export function serverAddress(): string {
  return vscode.workspace.getConfiguration("mediaChat").get<string>(SETTING, "").trim();
}

/**
 * Stores an address that has worked. If the settings cannot be written, as while their file has an
 * error, the person is told, and sign-in continues.
 */
export async function rememberServerAddress(server: Server): Promise<void> {
  if (serverAddress() === server.address) return;
  const settings = vscode.workspace.getConfiguration("mediaChat");
  try {
    await settings.update(SETTING, server.address, vscode.ConfigurationTarget.Global);
  } catch (error) {
    void vscode.window.showWarningMessage((error as Error).message);
  }
}

/**
 * Finds the server that a person means, by sending requests to it.
 * @param text an address as it was written or pasted
 * @returns undefined when the person does not want to reach it unencrypted
 * @throws Problem that says what to write instead
 */
export async function askedServer(text: string): Promise<Server | undefined> {
  const address = readAddress(text);
  return (await mayTravelInTheClear(address.url)) ? findServer(address) : undefined;
}

/** Does the same with a progress notification. */
export async function askedServerInSight(text: string): Promise<Server | undefined> {
  const address = readAddress(text);
  if (!(await mayTravelInTheClear(address.url))) return undefined;
  const found = findServer(address);
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Looking for Media Chat at {0}…", address.url.host),
  };
  const show = () =>
    void vscode.window.withProgress(options, () =>
      found.then(
        () => {},
        () => {},
      ),
    );
  const timer = setTimeout(show, UNSEEN_MS);
  return found.finally(() => clearTimeout(timer));
}

/**
 * Without encryption anyone on the network path can read the password and all messages, so the
 * person must confirm. On their own machine there is no network path.
 */
async function mayTravelInTheClear(url: URL): Promise<boolean> {
  if (isPrivate(url)) return true;
  const { l10n, window } = vscode;
  const goOn = l10n.t("Sign In Unencrypted");
  const answer = await window.showWarningMessage(
    l10n.t("The connection to {0} is not encrypted.", url.host),
    {
      modal: true,
      detail: l10n.t(
        "Others on the network can read your password and your messages. Use the server's https:// address if it has one, or ask its administrator for one.",
      ),
    },
    goOn,
  );
  return answer === goOn;
}
