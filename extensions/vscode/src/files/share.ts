import * as vscode from "vscode";
import { ChatError } from "../../../../static/chat/client.js";
import { megabytesOfAFile } from "../../../../static/chat/limits.js";
import { isolated } from "../../../../static/chat/names.js";
import type { Attachment } from "../../../../static/chat/protocol.js";
import type { Chat } from "../chat/chat.js";
import { pickRoom, takesMessages } from "../rooms/pick.js";

/** Uploads files of the workspace, at a person's command, and sends them to a room they choose. */
export async function shareFiles(chat: Chat, uris: readonly vscode.Uri[]): Promise<void> {
  const { l10n, window } = vscode;
  const connected = chat.connected;
  if (!connected) return;
  const files = await onlyFiles(uris);
  if (files.length === 0) {
    return void window.showInformationMessage(l10n.t("Choose the files to share: a folder is none."));
  }
  const { limits } = connected.client;
  if (files.length > limits.attachments) {
    return void window.showInformationMessage(l10n.t("A message holds {0} files. Choose fewer.", limits.attachments));
  }
  // Before the room is chosen, and before anything is read or uploaded.
  const large = await firstLargerThan(limits.upload, files);
  if (large) {
    const most = megabytesOfAFile(limits);
    return void window.showWarningMessage(l10n.t("{0} is too large. A file can have at most {1} MB.", shownName(large), most));
  }
  const first = shownName(files[0] as vscode.Uri);
  const what = files.length === 1 ? first : l10n.t("{0} files", files.length);
  const room = await pickRoom(chat, l10n.t("Share {0} in which room?", what), takesMessages(chat));
  if (!room) return;
  const { client } = connected;
  const attachments = await window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: l10n.t("Uploading {0}", what), cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      const uploaded: Attachment[] = [];
      for (const uri of files) {
        const bytes = await vscode.workspace.fs.readFile(uri);
        let told = 0;
        const onProgress = (sent: number, total: number) => {
          const percent = total ? (sent / total) * 100 : 0;
          progress.report({ message: shownName(uri), increment: Math.max(0, percent - told) / files.length });
          told = Math.max(told, percent);
        };
        const onWait = () =>
          progress.report({ message: l10n.t("{0} waits for the server, and is tried again by itself.", shownName(uri)) });
        const file = new File([bytes as BlobPart], nameOf(uri));
        try {
          uploaded.push(await client.upload(file, { signal: abort.signal, onProgress, onWait }));
        } catch (error) {
          if (abort.signal.aborted) return [];
          const reason = error instanceof ChatError ? error.detail : String(error);
          throw new Error(l10n.t("{0} was not shared. {1}", shownName(uri), reason), { cause: error });
        }
      }
      return uploaded;
    },
  );
  if (attachments.length > 0) client.sendMessage(room.id, { attachments });
}

/** The files that a command is about: what is selected, or what the editor shows. */
export function filesMeant(clicked?: vscode.Uri, selected?: vscode.Uri[]): vscode.Uri[] {
  if (selected?.length) return selected;
  if (clicked) return [clicked];
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open && open.scheme !== "untitled") return [open];
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText ? [input.uri] : [];
}

/** Without the folders that were chosen along with them. */
async function onlyFiles(uris: readonly vscode.Uri[]): Promise<vscode.Uri[]> {
  const isFile = await Promise.all(
    uris.map(async (uri) => ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory) === 0),
  );
  return uris.filter((_uri, at) => isFile[at]);
}

async function firstLargerThan(bytes: number, uris: readonly vscode.Uri[]): Promise<vscode.Uri | undefined> {
  const isLarger = await Promise.all(uris.map(async (uri) => (await vscode.workspace.fs.stat(uri)).size > bytes));
  return uris.find((_uri, at) => isLarger[at]);
}

const nameOf = (uri: vscode.Uri) => uri.path.split("/").at(-1) || "file";
const shownName = (uri: vscode.Uri) => isolated(nameOf(uri));
