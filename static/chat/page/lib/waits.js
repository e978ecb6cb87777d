import { ErrorCode } from "../../protocol.js";

/**
 * Why something is not done yet, as the beginning of a sentence. It is tried again by itself.
 * @param {{code: string}} error
 */
export function reasonOfWait({ code }) {
  switch (code) {
    case ErrorCode.RATE_LIMITED:
      return "That was a lot at once";
    case "timeout":
      return "The server does not answer";
    case "network":
      return awayReason();
    default:
      return "The server has a problem";
  }
}

/** The same as a whole. @param {{code: string}} error */
export const waitWords = (error) => `${reasonOfWait(error)}. It is tried again by itself.`;

/** Why there is no connection, as the beginning of a sentence: no network here, or no server there. */
export const awayReason = () =>
  globalThis.navigator?.onLine === false ? "You are offline" : "The server is not reached";
