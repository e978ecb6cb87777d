import { l10n } from "vscode";
import { notMediaChat, Problem, serverError, unreached } from "./problem.js";
import type { Server } from "./server.js";

/** A signed-in person, and their token. */
export interface SignedIn {
  token: string;
  user: { id: string; username: string };
}

/** A step between the password and the token; `token` stands for the attempt, not for a person. */
export interface SecondFactor {
  pendingToken: string;
}

interface Answer {
  data?: {
    user?: { id?: string; username?: string; display?: string };
    flows?: { id: string; is_pending?: boolean }[];
    path?: string;
    expires_in?: number;
  };
  meta?: { session_token?: string; is_authenticated?: boolean };
  errors?: { message?: string; code?: string }[];
  detail?: string;
  /** The seconds to wait that the response's header gives. */
  retryAfter?: number;
}

const DOOR = "/_allauth/app/v1/auth";

/** @throws Problem saying what to do next */
export async function signIn(
  server: Server,
  username: string,
  password: string,
): Promise<SignedIn | SecondFactor> {
  const { status, answer } = await ask(server, `${DOOR}/login`, { username, password });
  if (status === 400 && answer.errors?.[0]?.code !== "too_many_login_attempts") {
    throw new Problem(
      "wrong_password",
      l10n.t("The username or the password is wrong. Check both and try again."),
    );
  }
  // The password was right, but there is no step to take.
  if (status === 401 && !isPending(answer)) throw suspended();
  return outcome(status === 400 ? 429 : status, answer);
}

/** @throws Problem saying what to do next */
export async function answerSecondFactor(
  server: Server,
  pendingToken: string,
  code: string,
): Promise<SignedIn> {
  const { status, answer } = await ask(
    server,
    `${DOOR}/2fa/authenticate`,
    { code: code.replace(/\s/g, "") },
    pendingToken,
  );
  if (status === 400) {
    throw new Problem(
      "second_factor",
      l10n.t("That code is not right or no longer valid. Enter the newest one."),
    );
  }
  if (status === 409 || status === 410 || (status === 401 && !isPending(answer))) {
    throw new Problem("signed_out", l10n.t("That took too long. Sign in again."));
  }
  return whole(outcome(status, answer));
}

/** Cancels an attempt, so that its token is worthless. The person need not wait for it. */
export async function cancelSignIn(server: Server, pendingToken: string): Promise<void> {
  await revoke(server, pendingToken).catch(() => {});
}

/** What the editor sends before the person confirms it in the browser. */
export interface EditorRequest {
  callback: string;
  challenge: string;
  state: string;
}

/**
 * Requests the page where the person confirms.
 * @returns its address, and the seconds for which it can be used
 * @throws Problem saying what to do next
 */
export async function askForLink(
  server: Server,
  request: EditorRequest,
): Promise<{ address: string; lifetime: number }> {
  const { status, answer } = await ask(server, `${DOOR}/editor`, request);
  const { path, expires_in: lifetime } = answer.data ?? {};
  if (status !== 200) throw refusal(status, answer);
  const address = new URL(path ?? "", server.url);
  // The server says which of its own pages, and nothing else: whatever it says is opened.
  if (!address.href.startsWith(`${server.address}/accounts/editor/`)) throw notMediaChat();
  return { address: address.href, lifetime: lifetime ?? 600 };
}

/** @throws Problem saying what to do next */
export async function exchangeCode(
  server: Server,
  code: string,
  verifier: string,
): Promise<SignedIn> {
  const { status, answer } = await ask(server, `${DOOR}/editor/session`, { code, verifier });
  if (status === 400) throw new Problem("signed_out", l10n.t("That took too long. Sign in again."));
  return whole(outcome(status, answer));
}

/** Makes a token worthless. It is no error when it was that already. */
export async function revoke(server: Server, token: string): Promise<void> {
  await server.fetch(`${DOOR}/session`, { method: "DELETE", token });
}

async function ask(server: Server, path: string, body: object, token?: string) {
  const response = await server.fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    token,
  });
  const answer = await read(server, response);
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  return { status: response.status, answer: { ...answer, retryAfter } };
}

async function read(server: Server, response: Response): Promise<Answer> {
  const text = await response
    .text()
    .catch((error: unknown) => Promise.reject(unreached(server.url, error)));
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Not JSON: from another kind of server, or a proxy.
  }
  if (response.status >= 500) throw serverError();
  throw notMediaChat();
}

function outcome(status: number, answer: Answer): SignedIn | SecondFactor {
  const { data, meta } = answer;
  const token = meta?.session_token;
  const user = data?.user;
  if (status === 200 && user?.id && token) {
    return { token, user: { id: user.id, username: user.username ?? user.display ?? "" } };
  }
  if (
    status === 401 &&
    token &&
    data?.flows?.some(({ id, is_pending }) => id === "mfa_authenticate" && is_pending)
  ) {
    return { pendingToken: token };
  }
  throw status === 200 ? notMediaChat() : refusal(status, answer);
}

function refusal(status: number, { data, errors, detail, retryAfter }: Answer): Problem {
  const said = errors?.[0]?.message ?? detail;
  if (status === 401)
    return data?.flows?.some(({ id }) => id === "mfa_setup") ? setUpFirst() : otherStep();
  if (status === 429 && errors?.[0]?.code === "rate_limited" && retryAfter) {
    return new Problem(
      "too_many_attempts",
      l10n.t("Many people are signing in at this moment. Try again in {0} seconds.", retryAfter),
    );
  }
  if (status === 429) {
    return new Problem(
      "too_many_attempts",
      l10n.t("Too many attempts. Wait a few minutes, then try again."),
    );
  }
  if (status === 403) return suspended(said);
  if (status >= 500) return serverError();
  if (status === 404) return notMediaChat();
  return new Problem(
    "refused",
    said ?? l10n.t("The server refused this. Try again, or tell its administrator."),
  );
}

function whole(result: SignedIn | SecondFactor): SignedIn {
  if ("pendingToken" in result) throw otherStep();
  return result;
}

const isPending = ({ data }: Answer) => data?.flows?.some(({ is_pending }) => is_pending) ?? false;

const suspended = (said?: string) =>
  new Problem(
    "suspended",
    said ?? l10n.t("This account is suspended. Ask the people who run the server."),
  );

const otherStep = () =>
  new Problem(
    "second_factor",
    l10n.t("The server asks for a step that has no place here. Sign in with the browser instead."),
  );

const setUpFirst = () =>
  new Problem(
    "second_factor",
    l10n.t(
      "This server asks for a second factor. Open it in your browser and set one up, then sign in here again.",
    ),
  );
