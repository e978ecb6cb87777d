import * as vscode from "vscode";
import type { Server } from "../server/server.js";
import { answerSecondFactor, cancelSignIn, signIn, type SignedIn } from "../server/sign-in.js";
import type { BrowserSignIn } from "./browser.js";
import { askedServerInSight, rememberServerAddress, serverAddress } from "./server-address.js";

export interface NewAccount {
  server: Server;
  signedIn: SignedIn;
}

/** Signs in by questions at the top of the window, for the palette and the accounts menu. */
export async function askToSignIn(browser: BrowserSignIn): Promise<NewAccount | undefined> {
  const { l10n, window } = vscode;
  const server = await askForServer();
  if (!server) return undefined;
  const ways = [
    {
      label: `$(globe) ${l10n.t("With the browser")}`,
      detail: l10n.t("Where you are signed in already, or make an account"),
      run: browserWay,
    },
    { label: `$(key) ${l10n.t("With username and password")}`, run: passwordWay },
  ];
  const way = await window.showQuickPick(ways, { title: titleFor(server), ignoreFocusOut: true });
  return way?.run(server, browser);
}

/** Does the same without asking for the method. */
export async function signInWithBrowser(browser: BrowserSignIn): Promise<NewAccount | undefined> {
  const server = await askForServer();
  return server && browserWay(server, browser);
}

async function askForServer(): Promise<Server | undefined> {
  const address =
    serverAddress() ||
    (await vscode.window.showInputBox({
      title: vscode.l10n.t("Where is your Media Chat server?"),
      placeHolder: "https://chat.example.org",
      ignoreFocusOut: true,
    }));
  return address ? askedServerInSight(address) : undefined;
}

async function browserWay(server: Server, browser: BrowserSignIn): Promise<NewAccount | undefined> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Sign in to Media Chat in your browser, then come back here."),
    cancellable: true,
  };
  const signedIn = await vscode.window.withProgress(options, (_progress, cancelled) => {
    cancelled.onCancellationRequested(() => browser.cancel());
    return browser.signIn(server);
  });
  return done(server, signedIn);
}

async function passwordWay(server: Server): Promise<NewAccount | undefined> {
  const { l10n } = vscode;
  const ask = (options: vscode.InputBoxOptions) =>
    vscode.window.showInputBox({ title: titleFor(server), ignoreFocusOut: true, ...options });
  const username = await ask({ prompt: l10n.t("Username") });
  if (!username) return undefined;
  const password = await ask({ prompt: l10n.t("Password"), password: true });
  if (!password) return undefined;
  const result = await signIn(server, username.trim(), password);
  if (!("pendingToken" in result)) return done(server, result);
  const code = await ask({
    prompt: l10n.t("Code from your authenticator app, or a recovery code"),
  });
  if (!code) {
    await cancelSignIn(server, result.pendingToken);
    return undefined;
  }
  return done(server, await answerSecondFactor(server, result.pendingToken, code));
}

async function done(
  server: Server,
  signedIn: SignedIn | undefined,
): Promise<NewAccount | undefined> {
  if (!signedIn) return undefined;
  await rememberServerAddress(server);
  return { server, signedIn };
}

const titleFor = (server: Server) => vscode.l10n.t("Sign in to Media Chat on {0}", server.url.host);
