import * as vscode from "vscode";
import { Server } from "../server/server.js";
import { revoke, type SignedIn } from "../server/sign-in.js";
import type { NewAccount } from "./ask-to-sign-in.js";

export const PROVIDER = "mediachat";
const SECRET = "mediachat.account";
/** A session only tells other extensions who is signed in. VS Code needs a name for its scope. */
const SCOPES = ["account"];

/** Who is signed in, and on which server. Only the editor's secret storage holds the token. */
export interface Account {
  sessionId: string;
  server: string;
  token: string;
  user: { id: string; username: string };
}

/** Creates an account: asks the person, and returns undefined if they cancel. */
export type AskToSignIn = () => Promise<NewAccount | undefined>;

/**
 * The one account of this editor, which all its windows share through the secret storage, offered
 * to VS Code's account menu.
 */
export class Accounts implements vscode.AuthenticationProvider, vscode.Disposable {
  readonly #sessionsChanged =
    new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>();
  readonly onDidChangeSessions = this.#sessionsChanged.event;
  readonly #changed = new vscode.EventEmitter<Account | null>();
  /** Fires in every window when a person signs in or out in any of them. */
  readonly onDidChange = this.#changed.event;

  readonly #secrets;
  readonly #disposables: vscode.Disposable[];
  #current: Account | null = null;
  #isKnown = () => {};
  /** Resolves when it is known whether someone is signed in. */
  readonly known = new Promise<void>((resolve) => (this.#isKnown = resolve));
  #askToSignIn: AskToSignIn = () => Promise.resolve(undefined);

  constructor(
    secrets: vscode.SecretStorage,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#secrets = secrets;
    this.#disposables = [
      vscode.authentication.registerAuthenticationProvider(PROVIDER, "Media Chat", this, {
        supportsMultipleAccounts: false,
      }),
      secrets.onDidChange(({ key }) => key === SECRET && void this.load()),
      this.#sessionsChanged,
      this.#changed,
    ];
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  get current(): Account | null {
    return this.#current;
  }

  askBy(ask: AskToSignIn): void {
    this.#askToSignIn = ask;
  }

  /** Reads the state that the windows share, and announces changes. */
  async load(): Promise<void> {
    const now = parsed(await this.#secrets.get(SECRET));
    // Compared after the wait, so that two concurrent reads announce a change only once.
    const before = this.#current;
    if (before?.sessionId !== now?.sessionId) this.#becomes(now, before);
    this.#isKnown();
  }

  #becomes(now: Account | null, before: Account | null): void {
    this.#current = now;
    this.#sessionsChanged.fire({
      added: now ? [session(now)] : [],
      removed: before ? [session(before)] : [],
      changed: [],
    });
    this.#changed.fire(now);
  }

  /** Stores an account for all windows, and signs a previous one out. */
  async keep(server: Server, { token, user }: SignedIn): Promise<Account> {
    await this.signOut();
    const account = { sessionId: crypto.randomUUID(), server: server.address, token, user };
    await this.#secrets.store(SECRET, JSON.stringify(account));
    await this.load();
    this.log.info(`Signed in as ${user.username} on ${server.address}.`);
    return account;
  }

  /** Signs out in all windows, and has the server revoke the token. */
  async signOut(): Promise<void> {
    const account = parsed(await this.#secrets.get(SECRET));
    if (!account) return;
    await this.forget();
    try {
      await revoke(Server.at(account.server), account.token);
      this.log.info("Signed out.");
    } catch {
      this.log.warn("Signed out here, but the server was not reached: its session ends by itself.");
    }
  }

  /** The server does not know the token any more: there is nothing to revoke. */
  async forget(): Promise<void> {
    await this.#secrets.delete(SECRET);
    await this.load();
  }

  // -- VS Code's interface of an authentication provider ----------------------------------------

  getSessions(): Promise<vscode.AuthenticationSession[]> {
    return Promise.resolve(this.#current ? [session(this.#current)] : []);
  }

  async createSession(): Promise<vscode.AuthenticationSession> {
    const result = await this.#askToSignIn();
    if (!result) throw new vscode.CancellationError();
    return session(await this.keep(result.server, result.signedIn));
  }

  async removeSession(sessionId: string): Promise<void> {
    if (this.#current?.sessionId === sessionId) await this.signOut();
  }
}

/**
 * What other extensions learn once the person has allowed it: who is signed in. They do not get the
 * token, since it would let them read and write everything on this person's behalf.
 */
function session({ sessionId, user }: Account): vscode.AuthenticationSession {
  return {
    id: sessionId,
    accessToken: "",
    account: { id: user.id, label: user.username },
    scopes: SCOPES,
  };
}

function parsed(text: string | undefined): Account | null {
  if (!text) return null;
  try {
    const account = JSON.parse(text) as Account;
    return account.token && account.server && account.sessionId && account.user?.id
      ? account
      : null;
  } catch {
    return null;
  }
}
