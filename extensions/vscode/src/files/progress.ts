import * as vscode from "vscode";
import type { ChatClient } from "../../../../static/chat/client.js";
import type { FileUpload } from "../../../../static/chat/client/uploads/file-upload.js";
import { isolated } from "../../../../static/chat/client/people/names.js";
import { sayThatItWaits } from "../chat/sending.js";

/**
 * Shows how far the files of a message are, until they are uploaded; while they wait for the server
 * the chat alone shows it. What the server cannot keep is not tried again.
 * @param what the files, for a sentence
 * @throws Error with a sentence for the person, where a file was refused
 */
export async function showProgress(
  client: ChatClient,
  clientId: string,
  uploads: FileUpload[],
  what: string,
): Promise<void> {
  const { l10n, window } = vscode;
  const isWaiting = () => client.state !== "online" || uploads.some(({ wait }) => wait);
  if (isWaiting()) return sayThatItWaits();
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: l10n.t("Uploading {0}", what),
    cancellable: true,
  };
  const total = uploads.reduce((sum, { size }) => sum + size, 0) || 1;
  await window.withProgress(options, (progress, token) => {
    let told = 0;
    return new Promise<void>((resolve) => {
      const look = () => {
        const percent = (100 * uploads.reduce((sum, { sent }) => sum + sent, 0)) / total;
        progress.report({ increment: Math.max(0, percent - told) });
        told = Math.max(told, percent);
        const isGone = !client.unsent.some(({ client_id }) => client_id === clientId);
        if (isGone || isWaiting() || !uploads.some(({ isUnfinished }) => isUnfinished)) end();
      };
      const end = () => {
        for (const upload of uploads) upload.removeEventListener("change", look);
        for (const type of ["state", "outbox"]) client.removeEventListener(type, look);
        resolve();
      };
      for (const upload of uploads) upload.addEventListener("change", look);
      for (const type of ["state", "outbox"]) client.addEventListener(type, look);
      token.onCancellationRequested(() => {
        client.discard(clientId);
        end();
      });
      look();
    });
  });
  const refused = uploads.find(({ isRefused }) => isRefused);
  if (refused) {
    // Where other files are left, the message goes with those.
    if (client.unsent.some(({ client_id, state }) => client_id === clientId && state === "failed"))
      client.discard(clientId);
    throw new Error(
      l10n.t("{0} was not shared. {1}", isolated(refused.name), refused.error?.detail ?? ""),
    );
  }
  if (isWaiting()) sayThatItWaits();
}
