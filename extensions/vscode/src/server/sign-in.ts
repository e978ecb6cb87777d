import { l10n } from "vscode";
import { Problem } from "./problem.js";
import type { Server } from "./server.js";

/** Someone who has signed in, and the token that says so. */
export interface SignedIn {
  token: string;
  user: { id: string; username: string };
}

/** A step between the password and the token; `token` stands for the attempt, not for a person. */
export interface SecondFactor {
  pendingToken: string;
}

interface Answer {
  data?: { user?: { id?: string; username?: string; display?: string }; flows?: { id: string; is_pending?: boolean }[] };
  meta?: { session_token?: string; is_authenticated?: boolean };
  errors?: { message?: string; code?: string }[];
  detail?: string;
}

const DOOR = "/_allauth/app/v1/auth";

/** @throws Problem saying what to do next */
export async function signIn(server: Server, username: string, password: string): Promise<SignedIn | SecondFactor> {
  const { status, answer } = await ask(server, `${DOOR}/login`, { username, password });
  if (status === 400) {
    throw new Problem("wrong_password", l10n.t("The username or the password is wrong. Check both and try again."));
  }
  return outcome(status, answer);
}

/** @throws Problem saying what to do next */
export async function answerSecondFactor(server: Server, pendingToken: string, code: string): Promise<SignedIn> {
  const { status, answer } = await ask(server, `${DOOR}/2fa/authenticate`, { code }, pendingToken);
  if (status === 400) {
    throw new Problem("second_factor", l10n.t("That code is not right or no longer valid. Enter the newest one."));
  }
  if (status === 409) throw new Problem("signed_out", l10n.t("That took too long. Sign in again."));
  const result = outcome(status, answer);
  if ("pendingToken" in result) throw otherStep();
  return result;
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
  return { status: response.status, answer: await read(response) };
}

async function read(response: Response): Promise<Answer> {
  try {
    const answer: unknown = JSON.parse(await response.text());
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Not JSON: somebody else's server, or a proxy's page.
  }
  if (response.status >= 500) throw serverError();
  throw new Problem(
    "not_media_chat",
    l10n.t("There is a server, but it is not Media Chat. Check the address: mediaChat.serverUrl."),
  );
}

function outcome(status: number, { data, meta, errors, detail }: Answer): SignedIn | SecondFactor {
  const said = errors?.[0]?.message ?? detail;
  const token = meta?.session_token;
  const user = data?.user;
  if (status === 200 && user?.id) {
    const username = user.username ?? user.display ?? "";
    return { token: token ?? "", user: { id: user.id, username } };
  }
  if (status === 401 && token && data?.flows?.some(({ id, is_pending }) => id === "mfa_authenticate" && is_pending)) {
    return { pendingToken: token };
  }
  if (status === 401) throw otherStep();
  if (status === 429) {
    throw new Problem("too_many_attempts", l10n.t("Too many attempts. Wait a few minutes, then try again."));
  }
  if (status === 403) {
    throw new Problem("suspended", said ?? l10n.t("This account is suspended. Ask the people who run the server."));
  }
  if (status >= 500) throw serverError();
  if (status === 404) {
    throw new Problem(
      "not_media_chat",
      l10n.t("There is a server, but it is not Media Chat. Check the address: mediaChat.serverUrl."),
    );
  }
  throw new Problem("refused", said ?? l10n.t("The server refused this. Try again, or tell whoever runs it."));
}

const otherStep = () =>
  new Problem(
    "second_factor",
    l10n.t("The server asks for a step that this version of the extension cannot do. Update the extension, or tell whoever runs the server."),
  );

const serverError = () =>
  new Problem("server_error", l10n.t("The server failed. Try again in a moment; if it goes on, tell whoever runs it."));
