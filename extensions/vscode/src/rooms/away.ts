import * as vscode from "vscode";
import { hasNetwork } from "#platform";
import type { Connected } from "../chat/chat.js";

/** A shorter interruption is not shown, in milliseconds. */
export const SHORT_BREAK_MS = 1000;

/**
 * Why the chat is interrupted, as a sentence, or null if all is well: no network, no server, a
 * server that fails, or a suspended account.
 */
export function awayReason({ client, server }: Connected): string | null {
  const { l10n } = vscode;
  if (client.state === "banned") return l10n.t("Your Media Chat account is suspended.");
  if (client.state !== "online") {
    return hasNetwork()
      ? l10n.t("Media Chat does not reach {0}.", server.url.host)
      : l10n.t("You are offline.");
  }
  return client.trouble ? l10n.t("Media Chat's server has a problem.") : null;
}

/** Does the same, and adds what happens to unsent messages. */
export function awayWords(connected: Connected): string | null {
  const reason = awayReason(connected);
  const kept = vscode.l10n.t("What you write is kept, and sent by itself.");
  return reason && connected.client.state !== "banned" ? `${reason} ${kept}` : reason;
}
