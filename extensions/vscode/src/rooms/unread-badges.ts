import * as vscode from "vscode";

/** Of what the tree names so, nothing can be opened: it only says what a row's badge says. */
const SCHEME = "mediachat-unread";
/** A badge has two signs. */
const LARGEST = 99;

/** Stands for a number of unread messages, so that its row has a badge. @param count at least 1 */
export function unreadUri(count: number, muted: boolean): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${muted ? "muted" : "loud"}/${count}` });
}

/** People may have turned all badges of files off, and VS Code then shows none of ours. */
export function areBadgesShown(): boolean {
  return vscode.workspace.getConfiguration("explorer.decorations").get("badges", true);
}

/**
 * How much of a room is unread, at the end of its row: VS Code cuts off a description together with
 * a long name, and a badge never. A muted room has no colour.
 */
export class UnreadBadges implements vscode.FileDecorationProvider {
  provideFileDecoration({ scheme, path }: vscode.Uri): vscode.FileDecoration | undefined {
    if (scheme !== SCHEME) return undefined;
    const [, kind, number] = path.split("/");
    const count = Number(number);
    return {
      badge: count > LARGEST ? "9+" : String(count),
      tooltip: vscode.l10n.t("{0} unread", count),
      ...(kind === "loud" && { color: new vscode.ThemeColor("list.highlightForeground") }),
    };
  }
}
