import { l10n } from "vscode";
import { Problem } from "./problem.js";

/** Names of this machine itself. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/i;
/** Scheme, host and port, path, and what follows them. */
const PARTS = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]+)(\/[^?#]*)?([?#].*)?$/i;
/** The paths that a server can have (`URL_PREFIX`), and those of its pages. */
const PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*\/?$/;
/** An IPv4 address, also what `URL` has made of `8000`, `127.1` or `010.0.0.1`. */
const IPV4 = /^\d+(\.\d+){3}$/;
/** The addresses at which the server's pages may begin. */
const PAGE = /\/(rooms|accounts|admin|embed|media|api)(?=\/|$)/g;

/** Where a server may be, parsed from a person's input. */
export interface Address {
  /** The input, read as the address of a server. */
  url: URL;
  /** Where the server is if it is the address of one of its pages; the longest first. */
  bases: URL[];
}

/**
 * Reads an address as people write it or paste it. Nothing is cut off by guessing: which of the
 * addresses is the server's is for the server to say.
 * @throws Problem that says what to write instead
 */
export function readAddress(text: string): Address {
  const written = text.trim();
  if (!written) {
    throw new Problem(
      "no_address",
      l10n.t("Say where your Media Chat server is: set its address first."),
    );
  }
  const [, scheme, host = "", path = "/", rest = ""] = PARTS.exec(written) ?? [];
  if (scheme && !/^https?$/i.test(scheme)) throw otherScheme();
  if (host.includes("@")) throw otherScheme();
  if (/^[^[]*:[^[]*:/.test(host)) {
    throw wrong(l10n.t("Write an IPv6 address in brackets, like http://[::1]:8000."));
  }
  // What `URL` would read into it, such as a backslash for a slash, is not what was written.
  if (
    !host ||
    host.includes("%") ||
    /[\s\\]/.test(written) ||
    /^https?:?$/i.test(host) ||
    !PATH.test(path)
  )
    throw noAddress(written);
  const url = urlOf(`${scheme ?? schemeFor(host)}://${host}${path}`);
  if (!url || (IPV4.test(url.hostname) && url.hostname !== nameIn(host))) throw noAddress(written);
  const bases = [...url.pathname.matchAll(PAGE)]
    .map(({ index }) => at(url, url.pathname.slice(0, index)))
    .reverse();
  if (rest && bases.length === 0) {
    throw wrong(l10n.t("Leave out what follows “?” or “#”: write {0}.", addressOf(url)));
  }
  return { url, bases };
}

/** Above what was written, on the same host; the longest first. */
export function* above(url: URL): Generator<URL> {
  for (let path = url.pathname; path.length > 1;) {
    path = path.replace(/\/[^/]*\/?$/, "/");
    yield at(url, path);
  }
}

/** The same server, if no path is given. */
const at = (url: URL, path: string) => new URL(path.replace(/\/?$/, "/"), url.origin);

/** The stored form of an address: without a slash at its end. */
export const addressOf = (url: URL): string => (url.origin + url.pathname).replace(/\/$/, "");

/**
 * Whether nobody on the network can read the traffic: it is encrypted, or stays on this machine.
 */
export const isPrivate = (url: URL): boolean =>
  url.protocol === "https:" || LOOPBACK.test(url.hostname);

function schemeFor(host: string): string {
  return LOOPBACK.test(nameIn(host)) ? "http" : "https";
}

/** A host without its port. */
const nameIn = (host: string) => host.replace(/:\d*$/, "");

function urlOf(text: string): URL | null {
  try {
    const url = new URL(text);
    return at(url, url.pathname);
  } catch {
    return null;
  }
}

const wrong = (words: string) => new Problem("wrong_address", words);
const noAddress = (written: string) =>
  wrong(l10n.t("“{0}” is not an address. Write it like https://chat.example.org.", written));
const otherScheme = () =>
  wrong(
    l10n.t("The address has to begin with https:// or http://, without a name or password in it."),
  );
