import { addressOn } from "../lib/addresses.js";
import { ChatError } from "../lib/errors.js";
import { ErrorCode } from "../../protocol.js";

/**
 * Signs in over django-allauth's headless API.
 *
 * @param {string} server
 * @param {string} username
 * @param {string} password
 * @returns {Promise<string>} the session token; rejects with a {@link ChatError}
 */
export async function signIn(server, username, password) {
  let response, answer;
  try {
    response = await fetch(addressOn(server, "/_allauth/app/v1/auth/login"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      credentials: "omit",
      body: JSON.stringify({ username, password }),
    });
    answer = await response.json().catch(() => ({}));
  } catch {
    throw new ChatError("network", "The server was not reached. Check the address and try again.");
  }
  const token = answer.meta?.session_token;
  if (response.ok && token) return token;
  const said = answer.errors?.[0]?.message ?? answer.detail;
  if (response.status === 401) {
    const detail = "Signing in needs another step. Do it on the server's own page.";
    throw new ChatError(ErrorCode.UNAUTHENTICATED, detail, { flows: answer.data?.flows });
  }
  if (response.status === 429) {
    throw new ChatError(
      ErrorCode.RATE_LIMITED,
      said ?? "Too many attempts. Wait a minute and try again.",
    );
  }
  if (response.status === 403) {
    throw new ChatError(
      ErrorCode.FORBIDDEN,
      said ?? "This account is suspended. Ask an administrator.",
    );
  }
  if (response.status >= 500) {
    throw new ChatError(ErrorCode.SERVER_ERROR, "The server failed. Try again in a moment.");
  }
  throw new ChatError(ErrorCode.UNAUTHENTICATED, said ?? "The username or the password is wrong.");
}
