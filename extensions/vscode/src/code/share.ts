import * as vscode from "vscode";
import { charactersLeft } from "../../../../static/chat/client/lib/limits.js";
import type { Chat } from "../chat/chat.js";
import { sayWhenShared } from "../chat/sending.js";
import { pickRoom, takesMessages } from "../rooms/pick.js";
import type { Code } from "../bridge/protocol.js";
import { anchorOf, isUnpushed } from "./anchor.js";
import { label } from "./label.js";

/** Sends the selected lines with their language, repository, branch, commit, file and numbers. */
export async function shareSelection(chat: Chat): Promise<void> {
  const { l10n, window } = vscode;
  const editor = window.activeTextEditor;
  const connected = chat.connected;
  if (!editor || !connected) return;
  const code = await selectedCode(editor);
  if (!code) {
    void window.showInformationMessage(l10n.t("Select the lines to share first."));
    return;
  }
  const { limits } = connected.client;
  if (charactersLeft(code.text, limits) < 0) {
    void window.showWarningMessage(
      l10n.t("That is too much for one message. Select less, or share the file."),
    );
    return;
  }
  // For lines that no commit has, none is named.
  const isLocal = !code.dirty && (await isUnpushed(editor.document, code.commit));
  const commit = code.commit.slice(0, 7);
  const question = isLocal
    ? l10n.t("Share {0} in which room? Its commit {1} is not pushed yet.", label(code), commit)
    : l10n.t("Share {0} in which room?", label(code));
  const room = await pickRoom(chat, question, takesMessages(chat));
  if (!room) return;
  const body = await window.showInputBox({
    title: l10n.t("Share {0}", label(code)),
    prompt: isLocal
      ? l10n.t(
          "Commit {0} is not pushed yet, so readers may not have it. Say something about the lines, or leave this empty",
          commit,
        )
      : l10n.t("Say something about the lines, or leave this empty"),
    validateInput: (said) =>
      // Both go in one frame.
      charactersLeft(said, limits) < 0 ||
      charactersLeft(said + withContext(code), { ...limits, body: 2 * limits.body }) < 0
        ? l10n.t("That is too much for one message. Say less.")
        : null,
  });
  if (body === undefined) return;
  const { client } = connected;
  const stored = client.send({
    type: "message.send",
    room: room.id,
    client_id: crypto.randomUUID(),
    body,
    code,
  });
  await sayWhenShared(client, stored, (reason) => l10n.t("The lines were not shared. {0}", reason));
}

/** All of the code that is of people's own length. */
const withContext = ({ before, text, after }: Code) => `${before ?? ""}${text}${after ?? ""}`;

/** The selection as data; whole lines, so that they can be found again. */
export async function selectedCode(editor: vscode.TextEditor): Promise<Code | null> {
  const { document, selection } = editor;
  if (selection.isEmpty) return null;
  // A selection that ends before the first character of a line does not mean that line.
  const last =
    selection.end.character === 0 && selection.end.line > selection.start.line
      ? selection.end.line - 1
      : selection.end.line;
  const range = new vscode.Range(selection.start.line, 0, last, document.lineAt(last).text.length);
  const text = document.getText(range);
  if (text.trim() === "") return null;
  const anchor = await anchorOf(document, { start: range.start.line + 1, end: last + 1 });
  return { ...anchor, language: document.languageId, text };
}
