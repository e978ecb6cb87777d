import * as vscode from "vscode";
import type { Chat } from "./chat/chat.js";

const KEY = "mediaChat.walkthroughOpened";

/**
 * VS Code ticks a step when its context becomes true, but not where that is true already when it
 * first reads the walkthrough, which may be as late as when somebody opens it. So whoever is signed
 * in is said to be so once more when a tab opens that holds no document, as the walkthrough's does.
 */
export function tickWalkthrough(chat: Chat): vscode.Disposable {
  return vscode.window.tabGroups.onDidChangeTabs(({ opened }) => {
    if (!chat.connected || opened.every(({ input }) => input !== undefined)) return;
    // Never true for longer: it would be of no use the next time.
    for (const value of [true, false])
      void vscode.commands.executeCommand("setContext", KEY, value);
  });
}
