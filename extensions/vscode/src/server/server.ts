import { userAgent } from "#platform";
import { addressOf, readAddress } from "./address.js";
import { unreached } from "./problem.js";

const TIMEOUT_MS = 20_000;
/** One Media Chat server, by its address. */
export class Server {
  private constructor(readonly url: URL) {}

  /**
   * The server at an address that is known to be one: see `findServer`.
   * @throws Problem when it is none
   */
  static at(text: string): Server {
    return new Server(readAddress(text).url);
  }

  /** Without a slash at its end; a server may live below a path of its host. */
  get address(): string {
    return addressOf(this.url);
  }

  get origin(): string {
    return this.url.origin;
  }

  /**
   * Sends a request. The token never follows a redirect: it is for this server only.
   * @throws Problem when there was no answer
   */
  async fetch(
    path: string,
    init: RequestInit & { token?: string; timeout?: number } = {},
  ): Promise<Response> {
    const { token, timeout = TIMEOUT_MS, signal, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (token) headers.set("X-Session-Token", token);
    if (userAgent) headers.set("User-Agent", userAgent);
    const limit = AbortSignal.timeout(timeout);
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

  /** The address of a file below this server's; null if it must not be requested with the token. */
  media(path: string): string | null {
    const { href } = new URL(path, this.url);
    const below = href.startsWith(`${this.address}/`) ? href.slice(this.address.length) : "";
    return /^\/media\/[^/].*/.test(below) ? below : null;
  }
}
