import * as vscode from "vscode";
import { Problem } from "../server/problem.js";
import { Server } from "../server/server.js";
import { answerSecondFactor, signIn, type SignedIn } from "../server/sign-in.js";
import type { FromPage, ToPage } from "../view/protocol.js";
import type { SignInState } from "../view/documents.js";
import type { Accounts } from "./account.js";
import { serverAddress, rememberServerAddress } from "./server-address.js";

type SignInMessage = Extract<FromPage, { type: "sign-in" | "second-factor" }>;

/** Signing in by the form in the side bar. */
export class SignInForm {
  /** Between the password and the second factor: whose, where. It never leaves the host. */
  #pending: { server: Server; token: string } | null = null;
  #username = "";

  constructor(private readonly accounts: Accounts) {}

  get state(): SignInState {
    return { server: serverAddress(), username: this.#username, problem: "" };
  }

  async answer(message: SignInMessage, reply: (message: ToPage) => void): Promise<void> {
    try {
      if (message.type === "second-factor") await this.#second(message.code);
      else if (await this.#first(message)) reply({ type: "second-factor-needed" });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      reply({ type: "sign-in-failed", code: error.code, detail: error.message });
    }
  }

  /** @returns whether a second factor is needed */
  async #first(given: { server: string; username: string; password: string }): Promise<boolean> {
    this.#username = given.username;
    const server = Server.at(given.server);
    const result = await signIn(server, given.username, given.password);
    if ("pendingToken" in result) {
      this.#pending = { server, token: result.pendingToken };
      return true;
    }
    await this.#done(server, result);
    return false;
  }

  async #second(code: string): Promise<void> {
    const pending = this.#pending;
    if (!pending) throw new Problem("signed_out", vscode.l10n.t("That took too long. Sign in again."));
    await this.#done(pending.server, await answerSecondFactor(pending.server, pending.token, code));
  }

  async #done(server: Server, signedIn: SignedIn): Promise<void> {
    this.#pending = null;
    await rememberServerAddress(server);
    await this.accounts.keep(server, signedIn);
  }
}

/** Signing in by questions at the top of the window, for the palette and the accounts menu. */
export async function askToSignIn(): Promise<{ server: Server; signedIn: SignedIn } | undefined> {
  const { l10n, window } = vscode;
  const address =
    serverAddress() ||
    (await window.showInputBox({
      title: l10n.t("Where is your Media Chat server?"),
      placeHolder: "https://chat.example.org",
      ignoreFocusOut: true,
    }));
  if (!address) return undefined;
  const server = Server.at(address);
  const username = await window.showInputBox({
    title: l10n.t("Sign in to Media Chat on {0}", server.url.host),
    prompt: l10n.t("Username"),
    ignoreFocusOut: true,
  });
  if (!username) return undefined;
  const password = await window.showInputBox({
    title: l10n.t("Sign in to Media Chat on {0}", server.url.host),
    prompt: l10n.t("Password"),
    password: true,
    ignoreFocusOut: true,
  });
  if (!password) return undefined;
  const result = await signIn(server, username, password);
  if (!("pendingToken" in result)) {
    await rememberServerAddress(server);
    return { server, signedIn: result };
  }
  const code = await window.showInputBox({
    title: l10n.t("Second factor"),
    prompt: l10n.t("Code from your authenticator app"),
    ignoreFocusOut: true,
  });
  if (!code) return undefined;
  const signedIn = await answerSecondFactor(server, result.pendingToken, code);
  await rememberServerAddress(server);
  return { server, signedIn };
}
