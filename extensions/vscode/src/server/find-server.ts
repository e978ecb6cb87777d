import { l10n } from "vscode";
import { userAgent } from "#platform";
import { above, addressOf, type Address } from "./address.js";
import { notMediaChat, Problem, serverError, unreached } from "./problem.js";
import { Server } from "./server.js";

/** For all requests together. */
const TIMEOUT_MS = 10_000;
/** Without an answer for so long it is asked beside whether the server speaks the other scheme. */
const HASTE_MS = 150;
const OTHER_TIMEOUT_MS = 3_000;
/** The most bytes that an answer may have to be read at all. */
const ANSWER_LIMIT = 64 * 1024;
/** How many addresses above the given one are tried, for a better error message. */
const HINTS = 4;

/**
 * Finds the server that an address means, by sending requests to it. They contain nothing of the
 * person.
 * @param address of a server, or of one of its pages
 * @param timeout milliseconds for all of it
 * @throws Problem that says what is there, and what to write instead
 */
export async function findServer({ url, bases }: Address, timeout = TIMEOUT_MS): Promise<Server> {
  const signal = AbortSignal.timeout(timeout);
  for (const each of [url, ...bases]) {
    const found = await answersAt(each, signal);
    if (found) return found;
  }
  for (const each of [...above(url)].slice(0, HINTS)) {
    const found = await answersAt(each, signal).catch(() => null);
    if (found) throw notHere(url, found);
  }
  throw notMediaChat();
}

/**
 * The server at this address, or at the encrypted one to which it redirects; null if there is none.
 */
async function answersAt(base: URL, signal: AbortSignal): Promise<Server | null> {
  const response = await ask(base, signal);
  const place = elsewhere(base, response);
  if (!place) return (await isOurs(base, response)) ? Server.at(addressOf(base)) : null;
  const isEncrypted =
    base.protocol === "http:" && place.protocol === "https:" && place.hostname === base.hostname;
  if (!isEncrypted) return null;
  return (await isOurs(place, await ask(place, signal))) ? Server.at(addressOf(place)) : null;
}

/**
 * Where the server sends one who asks for its page, as the address of a server.
 * @throws Problem where nobody should follow without looking
 */
function elsewhere(base: URL, response: Response): URL | null {
  const location = response.headers.get("Location");
  const isRedirect =
    response.type === "opaqueredirect" || (response.status > 300 && response.status < 400);
  if (!isRedirect) return null;
  if (!location) throw leadsAway(base);
  let target: URL;
  try {
    target = new URL(location, doorOf(base));
  } catch {
    return null;
  }
  const place = new URL(target.pathname.replace(/(^|\/)embed\/?$/, "$1"), target.origin);
  const isSamePath = target.pathname === `${base.pathname}embed/`;
  // A sign-in page, or the page itself, is no other place.
  if (target.origin === base.origin && (isSamePath || !target.pathname.endsWith("/embed/")))
    return null;
  if (place.hostname === base.hostname && place.protocol === "https:") return place;
  throw leadsAway(base, place);
}

/** The address of the embedded page, which only a Media Chat has and which needs no session to ask for. */
const doorOf = (base: URL) => `${addressOf(base)}/embed/`;

async function isOurs(base: URL, response: Response): Promise<boolean> {
  if (response.status >= 500) throw serverError();
  const isWorthReading = response.status === 401 || response.status === 429;
  const said = isWorthReading
    ? await textOf(response).catch((error: unknown) => fail(base, error))
    : "";
  let code: unknown;
  try {
    ({ code } = JSON.parse(said) as { code?: unknown });
  } catch {
    return false;
  }
  if (code === "rate_limited") throw tooMany();
  return code === "unauthenticated";
}

/** The connection ended before the answer was complete. */
function fail(base: URL, error: unknown): never {
  throw unreached(base, error);
}

async function textOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    text += decoder.decode(part.value, { stream: true });
    if (text.length <= ANSWER_LIMIT) continue;
    void reader?.cancel();
    return "";
  }
  return text;
}

/**
 * Asks at an address of a server.
 * @throws Problem, and in little time where the server does not speak this scheme but the other
 */
async function ask(base: URL, signal: AbortSignal): Promise<Response> {
  const asked = request(doorOf(base), signal);
  const early = await Promise.race([asked.catch(() => null), pause(HASTE_MS)]);
  if (early && early.status !== 400) return early;
  const other = new URL(
    base.href.replace(/^http(s?):/, (_scheme, s: string) => (s ? "http:" : "https:")),
  );
  const decided = speaks(other).then((isOther) => {
    if (isOther) throw wrongScheme(base, other);
    return asked;
  });
  const understood = asked.then(
    (response) => (response.status === 400 ? decided : response),
    () => decided,
  );
  try {
    return await Promise.race([understood, decided]);
  } catch (error) {
    throw unreached(base, error);
  }
}

/** Whether somebody speaks this scheme there. What refuses the wrong one with words does not. */
async function speaks(base: URL): Promise<boolean> {
  try {
    const { status, type } = await request(
      doorOf(base),
      AbortSignal.timeout(OTHER_TIMEOUT_MS),
      "HEAD",
    );
    if (base.protocol === "https:") return true;
    return (
      type !== "opaqueredirect" && status !== 400 && (status < 300 || status >= 400) && status < 497
    );
  } catch (error) {
    return base.protocol === "https:" && unreached(base, error).code === "certificate";
  }
}

function request(address: string, signal: AbortSignal, method = "GET"): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (userAgent) headers.set("User-Agent", userAgent);
  return fetch(address, {
    method,
    headers,
    credentials: "omit",
    redirect: "manual",
    cache: "no-store",
    signal,
  });
}

const pause = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms));

const wrongScheme = (base: URL, other: URL) =>
  new Problem(
    "wrong_address",
    other.protocol === "http:"
      ? l10n.t(
          "{0} does not speak HTTPS there, but plain HTTP. Write {1}, or ask its administrator for an encrypted address.",
          base.host,
          addressOf(other),
        )
      : l10n.t("{0} speaks HTTPS there. Write {1}.", base.host, addressOf(other)),
  );

const notHere = (url: URL, found: Server) =>
  new Problem(
    "not_media_chat",
    l10n.t(
      "There is no Media Chat at {0}, but there is one at {1}. Write that if it is yours.",
      addressOf(url),
      found.address,
    ),
  );

const leadsAway = (base: URL, place?: URL) =>
  new Problem(
    "not_media_chat",
    place
      ? l10n.t(
          "{0} leads to {1}. If your Media Chat is there, write that.",
          addressOf(base),
          addressOf(place),
        )
      : l10n.t(
          "{0} leads elsewhere. Open it in your browser, and write the address that it shows then.",
          addressOf(base),
        ),
  );

const tooMany = () =>
  new Problem(
    "too_many_attempts",
    l10n.t("Too many attempts. Wait a few minutes, then try again."),
  );
