import * as vscode from "vscode";
import { Problem } from "../server/problem.js";
import type { Server } from "../server/server.js";
import { askForLink, exchangeCode, type SignedIn } from "../server/sign-in.js";

const PATH = "/signed-in";

/**
 * Signs in through the browser, which has the forms for passwords, second factors and new accounts.
 * The browser returns to this editor with a code, which is worthless without the verifier, and that
 * stays in this class until the code is exchanged.
 */
export class BrowserSignIn implements vscode.UriHandler, vscode.Disposable {
  #expected: { state: string; arrived: (code: string) => void } | null = null;
  readonly #registered = vscode.window.registerUriHandler(this);

  /** @param extension its identifier, to which VS Code brings what the browser opens */
  constructor(private readonly extension: string) {}

  dispose(): void {
    this.#registered.dispose();
  }

  /**
   * Opens the browser and waits for the person.
   * @returns undefined when they think better of it
   * @throws Problem saying what to do next
   */
  async signIn(server: Server): Promise<SignedIn | undefined> {
    const { env, Uri } = vscode;
    const verifier = unguessable();
    const state = unguessable();
    const own = Uri.from({ scheme: env.uriScheme, authority: this.extension, path: PATH });
    // If the editor itself runs in a browser, this becomes an address that leads back there.
    const callback = (await env.asExternalUri(own)).toString(true);
    const link = await askForLink(server, {
      callback,
      state,
      challenge: await challengeOf(verifier),
    });
    const code = await this.#codeFor(state, link);
    return code === undefined ? undefined : exchangeCode(server, code, verifier);
  }

  /** Handles the address that the operating system or the browser's callback page passes on. */
  handleUri(uri: vscode.Uri): void {
    const given = new URLSearchParams(uri.query);
    if (uri.path === PATH && this.#expected && given.get("state") === this.#expected.state) {
      return this.#expected.arrived(given.get("code") ?? "");
    }
    // Another window's callback, an old one, or a forged one.
    void vscode.window.showWarningMessage(
      vscode.l10n.t(
        "This window did not ask to sign in to Media Chat, or no longer. Nothing has changed.",
      ),
    );
  }

  /** Stops waiting; a later answer of the browser has no effect. */
  cancel(): void {
    this.#expected?.arrived("");
  }

  async #codeFor(
    state: string,
    link: { address: string; lifetime: number },
  ): Promise<string | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A second attempt cancels the first.
    this.cancel();
    try {
      return await new Promise<string | undefined>((resolve, reject) => {
        this.#expected = { state, arrived: (code) => resolve(code || undefined) };
        const tooLate = () =>
          reject(new Problem("signed_out", vscode.l10n.t("That took too long. Sign in again.")));
        timer = setTimeout(tooLate, link.lifetime * 1000);
        vscode.env
          .openExternal(vscode.Uri.parse(link.address))
          .then((opened) => !opened && resolve(undefined), reject);
      });
    } finally {
      clearTimeout(timer);
      if (this.#expected?.state === state) this.#expected = null;
    }
  }
}

function unguessable(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challengeOf(verifier: string): Promise<string> {
  return base64url(
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
  );
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
