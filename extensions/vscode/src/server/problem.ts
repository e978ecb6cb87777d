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

/** What went wrong between this editor and the server, told so that a person can act on it. */
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
  /^(CERT_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)|SELF_SIGNED|ERR_TLS_CERT|HOSTNAME_MISMATCH|ERR_SSL)/;
const NO_SUCH_HOST = new Set(["ENOTFOUND", "EAI_AGAIN", "ERR_INVALID_URL", "ENETUNREACH"]);

/** The problem behind a request that got no answer at all. */
export function unreached(server: URL, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const codes = errorCodes(error);
  const host = server.host;
  if (codes.some((code) => code === "CERT_HAS_EXPIRED")) {
    return new Problem(
      "certificate",
      l10n.t("The certificate of {0} has expired. Ask whoever runs the server to renew it.", host),
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
  if (codes.some((code) => NO_SUCH_HOST.has(code))) {
    return new Problem(
      "wrong_address",
      l10n.t("There is no server at {0}. Check the address for typing errors, and your network.", host),
    );
  }
  return new Problem(
    "unreachable",
    l10n.t("{0} does not answer. The server may be down: try again in a moment.", host),
  );
}

/** The codes of an error and of all that caused it: `fetch` hides the reason in `cause`. */
function errorCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (let depth = 0, next = error; next && depth < 6; depth++) {
    const { code, cause, errors } = next as { code?: unknown; cause?: unknown; errors?: unknown[] };
    if (typeof code === "string") codes.push(code);
    next = cause ?? errors?.[0];
  }
  return codes;
}
