import * as vscode from "vscode";
import { ChatError, type ChatClient } from "../../../../static/chat/client.js";

const SHOWN_MS = 4000;

/**
 * Waits until something that was shared is stored, and says what became of it. Without a connection
 * it says at once that it waits: the message is in the chat, and may be discarded there.
 * @param refused what is said, with the reason, where the server does not take it
 */
export async function sayWhenShared(
  client: ChatClient,
  stored: Promise<unknown>,
  refused: (reason: string) => string,
): Promise<void> {
  const { l10n, window } = vscode;
  const isWaiting = client.state !== "online" || client.trouble !== null;
  if (isWaiting) sayThatItWaits();
  const end = stored.then(
    () => void window.setStatusBarMessage(l10n.t("Shared in Media Chat."), SHOWN_MS),
    (error: unknown) => {
      // Somebody has discarded it, or another window says what became of it.
      if (error instanceof ChatError && error.code === "aborted") return;
      void window.showErrorMessage(
        refused(error instanceof ChatError ? error.detail : String(error)),
      );
    },
  );
  if (!isWaiting) await end;
}

/** Says where what was shared is, while the server is away. */
export function sayThatItWaits(): void {
  const words = vscode.l10n.t(
    "The server is not reached. What you shared waits in the chat, and is sent by itself.",
  );
  vscode.window.setStatusBarMessage(words, 2 * SHOWN_MS);
}
