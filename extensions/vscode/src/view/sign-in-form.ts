import * as vscode from "vscode";
import { Problem } from "../server/problem.js";
import type { Server } from "../server/server.js";
import { answerSecondFactor, cancelSignIn, signIn, type SignedIn } from "../server/sign-in.js";
import type { FromPage, ToPage } from "../bridge/protocol.js";
import type { SignInState } from "./documents.js";
import type { Accounts } from "../account/account.js";
import type { BrowserSignIn } from "../account/browser.js";
import { askedServer, rememberServerAddress, serverAddress } from "../account/server-address.js";

export type SignInMessage = Extract<FromPage, { type: `sign-in${string}` | "second-factor" }>;
type Reply = (message: ToPage) => void;

/** Signs in with the form in the side bar. */
export class SignInForm {
  /**
   * The attempt between the password and the second factor: person and server. It never leaves the
   * host.
   */
  #pending: { server: Server; token: string } | null = null;
  #username = "";

  constructor(
    private readonly accounts: Accounts,
    private readonly browser: BrowserSignIn,
  ) {}

  get state(): SignInState {
    return { server: serverAddress(), username: this.#username, problem: "" };
  }

  async answer(message: SignInMessage, reply: Reply): Promise<void> {
    try {
      const location = { viewId: "mediaChat.chat" };
      await vscode.window.withProgress({ location }, () => this.#step(message, reply));
    } catch (error) {
      // Whatever the message is, the form waits for an answer.
      const code = error instanceof Problem ? error.code : "refused";
      reply({ type: "sign-in-failed", code, detail: (error as Error).message });
    }
  }

  async #step(message: SignInMessage, reply: Reply): Promise<void> {
    switch (message.type) {
      case "sign-in":
        return this.#first(message, reply);
      case "second-factor":
        return this.#second(message.code);
      case "sign-in-browser":
        return this.#withBrowser(message.server, reply);
      case "sign-in-cancel":
        return this.#cancel(reply);
    }
  }

  async #first(
    given: { server: string; username: string; password: string },
    reply: Reply,
  ): Promise<void> {
    this.#username = given.username;
    const server = await askedServer(given.server);
    if (!server) return reply({ type: "sign-in-again" });
    const result = await signIn(server, given.username, given.password);
    if (!("pendingToken" in result)) return this.#done(server, result);
    this.#pending = { server, token: result.pendingToken };
    reply({ type: "second-factor-needed" });
  }

  async #second(code: string): Promise<void> {
    const pending = this.#pending;
    if (!pending)
      throw new Problem("signed_out", vscode.l10n.t("That took too long. Sign in again."));
    await this.#done(pending.server, await answerSecondFactor(pending.server, pending.token, code));
  }

  async #withBrowser(address: string, reply: Reply): Promise<void> {
    const server = await askedServer(address);
    const signedIn = server && (await this.browser.signIn(server));
    if (!signedIn) return reply({ type: "sign-in-again" });
    await this.#done(server, signedIn);
  }

  async #cancel(reply: Reply): Promise<void> {
    const pending = this.#pending;
    this.#pending = null;
    this.browser.cancel();
    reply({ type: "sign-in-again" });
    if (pending) await cancelSignIn(pending.server, pending.token);
  }

  async #done(server: Server, signedIn: SignedIn): Promise<void> {
    this.#pending = null;
    await rememberServerAddress(server);
    await this.accounts.keep(server, signedIn);
  }
}
