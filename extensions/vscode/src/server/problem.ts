import { l10n } from "vscode";

export type ProblemCode =
  | "no_address"
  | "wrong_address"
  | "not_media_chat"
  | "unreachable"
  | "certificate"
  | "wrong_password"
  | "second_factor"
  | "suspended"
  | "too_many_attempts"
  | "signed_out"
  | "refused"
  | "server_error";

/** An error between this editor and the server, explained so that a person can act on it. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    message: string,
  ) {
    super(message);
    this.name = "Problem";
  }
}

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)|SELF_SIGNED|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;
const OTHER_NAME = new Set(["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"]);
/** TLS errors for an answer that is not TLS. */
const NO_TLS = /^(ERR_SSL_|EPROTO$)/;
/** Errors for an answer that is not HTTP, as from a mail server. */
const NO_HTTP = /^HPE_/;
/** Undici's message, which has no code of its own. */
const PROXY = /^Proxy response \((\d+)\)/;
const BLOCKED_PORT = "bad port";
const NO_SUCH_HOST = new Set(["ENOTFOUND", "EAI_AGAIN", "ERR_INVALID_URL", "ENETUNREACH"]);

/** Explains a request that got no response at all. */
export function unreached(server: URL, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const codes = errorCodes(error);
  const host = server.host;
  if (codes.some((code) => code === "CERT_HAS_EXPIRED")) {
    return new Problem(
      "certificate",
      l10n.t(
        "The certificate of {0} has expired. Ask the server's administrator to renew it.",
        host,
      ),
    );
  }
  if (codes.some((code) => OTHER_NAME.has(code))) {
    return new Problem(
      "certificate",
      l10n.t(
        "The certificate of {0} is for another name. Check the address, or tell the server's administrator.",
        host,
      ),
    );
  }
  if (codes.some((code) => CERTIFICATE.test(code))) {
    return new Problem(
      "certificate",
      l10n.t(
        "The certificate of {0} is not trusted ({1}). Check the address, or have your system trust the authority that signed it.",
        host,
        codes.find((code) => CERTIFICATE.test(code)) ?? "",
      ),
    );
  }
  if (codes.some((code) => NO_TLS.test(code))) {
    return new Problem(
      "wrong_address",
      l10n.t(
        "{0} does not speak HTTPS there. Check the port, or whether the address begins with http://.",
        host,
      ),
    );
  }
  if (codes.some((code) => NO_SUCH_HOST.has(code))) {
    return new Problem(
      "wrong_address",
      l10n.t(
        "There is no server at {0}. Check the address for typing errors, and your network.",
        host,
      ),
    );
  }
  if (codes.some((code) => NO_HTTP.test(code))) return notMediaChat();
  if (messages(error).includes(BLOCKED_PORT)) {
    return new Problem(
      "wrong_address",
      l10n.t(
        "No browser or editor opens port {0}, which belongs to other programs. Run the server at another port.",
        server.port,
      ),
    );
  }
  const refusal = messages(error).find((text) => PROXY.test(text));
  if (refusal !== undefined) {
    return new Problem(
      "unreachable",
      l10n.t(
        "The proxy on the way to {0} refuses ({1}). Check the setting http.proxy: it may need a name and a password.",
        host,
        PROXY.exec(refusal)?.[1] ?? "",
      ),
    );
  }
  return new Problem(
    "unreachable",
    l10n.t("{0} does not answer. The server may be down: try again in a moment.", host),
  );
}

/** An error and all that caused it: `fetch` hides the reason in `cause`. */
function* causes(error: unknown): Generator<{ code?: unknown; message?: unknown }> {
  for (let depth = 0, next = error; next && depth < 6; depth++) {
    const { cause, errors } = next as { cause?: unknown; errors?: unknown[] };
    yield next;
    next = cause ?? errors?.[0];
  }
}

const isText = (value: unknown) => typeof value === "string";
const errorCodes = (error: unknown) => [...causes(error)].map(({ code }) => code).filter(isText);
const messages = (error: unknown) =>
  [...causes(error)].map(({ message }) => message).filter(isText);

export const notMediaChat = () =>
  new Problem(
    "not_media_chat",
    l10n.t("There is a server, but it is not Media Chat. Check the address: mediaChat.serverUrl."),
  );

export const serverError = () =>
  new Problem(
    "server_error",
    l10n.t("The server failed. Try again in a moment; if it goes on, tell its administrator."),
  );
