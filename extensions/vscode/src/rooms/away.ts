import * as vscode from "vscode";
import { hasNetwork } from "#platform";
import type { Connected } from "../chat/chat.js";

/** A short break is not worth a line, in milliseconds. */
export const SHORT_BREAK_MS = 1000;

/**
 * Why the chat does not go on now, as a sentence, or null when all is well: no network here, no
 * server there, a server that does not do what it is asked, or one that suspended the account.
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

/** The same with what becomes of what the person writes. */
export function awayWords(connected: Connected): string | null {
  const reason = awayReason(connected);
  const kept = vscode.l10n.t("What you write is kept, and sent by itself.");
  return reason && connected.client.state !== "banned" ? `${reason} ${kept}` : reason;
}
