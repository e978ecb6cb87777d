import * as vscode from "vscode";
import { megabytesOfAFile } from "../../../../static/chat/client/lib/limits.js";
import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Chat } from "../chat/chat.js";
import { pickRoom, takesMessages } from "../rooms/pick.js";
import { showProgress } from "./progress.js";
import { afterSaving, sharedFile, type SharedFile } from "./shared-file.js";

/**
 * Uploads files at a person's command, as the editor shows them, and sends them to a room they
 * choose. Nothing is saved, read or uploaded before the last question is answered.
 */
export async function shareFiles(chat: Chat, uris: readonly vscode.Uri[]): Promise<void> {
  const { l10n, window } = vscode;
  const connected = chat.connected;
  if (!connected) return;
  // Without the folders that were chosen along with them.
  const files = (await Promise.all(uris.map(sharedFile))).filter((each) => each !== null);
  const [first] = files;
  if (!first) {
    return void window.showInformationMessage(
      l10n.t("Choose the files to share: a folder is none."),
    );
  }
  const { limits } = connected.client;
  if (files.length > limits.attachments) {
    return void window.showInformationMessage(
      l10n.t("A message holds {0} files. Choose fewer.", limits.attachments),
    );
  }
  // Before the room is chosen, and before anything is uploaded.
  const isAllowed = (file: SharedFile) => {
    if (file.size <= limits.upload) return true;
    const most = megabytesOfAFile(limits);
    void window.showWarningMessage(
      l10n.t("{0} is too large. A file can have at most {1} MB.", shown(file), most),
    );
    return false;
  };
  if (!files.every(isAllowed)) return;
  const answer = await askToSave(files.filter(({ isToBeSaved }) => isToBeSaved));
  if (answer === "cancel") return;
  const what = files.length === 1 ? shown(first) : l10n.t("{0} files", files.length);
  const hasChanges = files.some(({ isUnsaved, isToBeSaved }) => isUnsaved && !isToBeSaved);
  const title = hasChanges
    ? l10n.t("Share {0}, with what is not saved yet, in which room?", what)
    : l10n.t("Share {0} in which room?", what);
  const room = await pickRoom(chat, title, takesMessages(chat));
  if (!room) return;
  if (answer === "save") {
    for (const [at, file] of files.entries())
      if (file.isToBeSaved) files[at] = await afterSaving(file);
    if (!files.every(isAllowed)) return;
  }
  const { client } = connected;
  const contents: File[] = [];
  for (const file of files) contents.push(new File([(await file.read()) as BlobPart], file.name));
  // All or none: a file that cannot be read leaves no other one behind.
  const uploads = contents.map((content) => client.uploads.add(content));
  // A message that is kept finds its files, also if this host ends now.
  await Promise.all(uploads.map(({ kept }) => kept));
  // It stands in the chat from now on, and waits there for its files.
  await showProgress(client, client.sendMessage(room.id, { attachments: uploads }), uploads, what);
}

/** Asks about changes that can be read only once they are saved. */
async function askToSave(files: SharedFile[]): Promise<"save" | "as-saved" | "cancel"> {
  const { l10n, window } = vscode;
  const [first] = files;
  if (!first) return "as-saved";
  const save = l10n.t("Save and Share");
  const asSaved = l10n.t("Share as Saved");
  // What was never saved has nothing else to share.
  const hasSaved = files.every(({ uri }) => uri.scheme !== "untitled");
  const chosen = await window.showWarningMessage(
    files.length === 1
      ? l10n.t("{0} has unsaved changes.", shown(first))
      : l10n.t("{0} files have unsaved changes.", files.length),
    { modal: true, detail: files.length === 1 ? undefined : files.map(shown).join("\n") },
    ...(hasSaved ? [save, asSaved] : [save]),
  );
  if (!chosen) return "cancel";
  return chosen === save ? "save" : "as-saved";
}

const shown = ({ name }: SharedFile) => isolated(name);
