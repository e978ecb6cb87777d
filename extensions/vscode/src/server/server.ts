import { l10n } from "vscode";
import { userAgent } from "#platform";
import { Problem, unreached } from "./problem.js";

const PATIENCE_MS = 20_000;
/** Names of this machine itself. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/i;

/** One Media Chat server, by its address. */
export class Server {
  private constructor(readonly url: URL) {}

  /**
   * Reads an address as people write it.
   * @throws Problem when it is none
   */
  static at(text: string): Server {
    const trimmed = text.trim();
    if (!trimmed) {
      throw new Problem("no_address", l10n.t("Say where your Media Chat server is: set its address first."));
    }
    const scheme = LOOPBACK.test(trimmed.replace(/[:/].*$/, "")) || trimmed.startsWith("[::1]") ? "http" : "https";
    const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `${scheme}://${trimmed}`;
    let url: URL;
    try {
      url = new URL(address);
    } catch {
      throw new Problem("wrong_address", l10n.t("“{0}” is not an address. Write it like https://chat.example.org.", trimmed));
    }
    if (!/^https?:$/.test(url.protocol) || url.username || url.password) {
      throw new Problem("wrong_address", l10n.t("The address has to begin with https:// or http://, without a name or password in it."));
    }
    // People copy the address of the page that they look at.
    const path = url.pathname.replace(/\/(rooms|accounts|admin|embed)(\/.*)?$/, "").replace(/\/*$/, "/");
    return new Server(new URL(path, url.origin));
  }

  /** Without a slash at its end; a server may live below a path of its host. */
  get address(): string {
    return this.url.href.replace(/\/$/, "");
  }

  get origin(): string {
    return this.url.origin;
  }

  /** Whether nobody on the way can read what is said: it is encrypted, or goes nowhere. */
  get isPrivate(): boolean {
    return this.url.protocol === "https:" || LOOPBACK.test(this.url.hostname);
  }

  /**
   * Asks the server. The token never follows a redirect: it is this server's alone.
   * @throws Problem when there was no answer
   */
  async fetch(path: string, init: RequestInit & { token?: string; patience?: number } = {}): Promise<Response> {
    const { token, patience = PATIENCE_MS, signal, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (token) headers.set("X-Session-Token", token);
    if (userAgent) headers.set("User-Agent", userAgent);
    const limit = AbortSignal.timeout(patience);
    try {
      return await fetch(this.address + path, {
        ...rest,
        headers,
        credentials: "omit",
        redirect: "error",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw unreached(this.url, error);
    }
  }

  /** Where a file is below this server's address; null for what must not be asked for with the token. */
  media(path: string): string | null {
    const { href } = new URL(path, this.url);
    const below = href.startsWith(`${this.address}/`) ? href.slice(this.address.length) : "";
    return /^\/media\/[^/].*/.test(below) ? below : null;
  }
}
