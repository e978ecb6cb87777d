import * as vscode from "vscode";
import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Code } from "../bridge/protocol.js";
import { git } from "./git.js";
import { label } from "./label.js";

/** A name that becomes an address by itself: another person's message contained it. */
const CLONEABLE = /^[a-z0-9][a-z0-9.-]*(\/[\w.~@+-]+)+$/i;

/** Names the repository of shared lines if it is not open, and helps to clone it. */
export async function sayWhatIsMissing(code: Code): Promise<void> {
  const { l10n, window } = vscode;
  const openFolder = l10n.t("Open Folder…");
  const clone = l10n.t("Clone…");
  const isCloneable = CLONEABLE.test(code.repository) && (await git()) !== null;
  const chosen = await window.showInformationMessage(
    sentence(code),
    openFolder,
    ...(isCloneable ? [clone] : []),
  );
  if (chosen === openFolder) await vscode.commands.executeCommand("vscode.openFolder");
  if (chosen === clone) await askToClone(code.repository);
}

function sentence(code: Code): string {
  const { l10n } = vscode;
  if (code.repository) {
    return l10n.t(
      "{0} is from {1}, which is not open here. Open your checkout of it, then try again.",
      label(code),
      isolated(code.repository),
    );
  }
  return code.commit
    ? l10n.t(
        "{0} is from commit {1}, which no checkout that is open here has. Open or fetch it, then try again.",
        label(code),
        code.commit.slice(0, 7),
      )
    : l10n.t(
        "{0} is not open here. Open the folder that you keep it in, then try again.",
        label(code),
      );
}

/** The reader chooses how to clone it: the name includes neither protocol nor port. */
async function askToClone(repository: string): Promise<void> {
  const value = `https://${repository}.git`;
  const title = vscode.l10n.t("Clone {0}", isolated(repository));
  const address = await vscode.window.showInputBox({
    title,
    value,
    prompt: vscode.l10n.t("The address to clone from"),
    ignoreFocusOut: true,
  });
  if (address) await vscode.commands.executeCommand("git.clone", address);
}
