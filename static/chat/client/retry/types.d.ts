/** How something is tried again, and who hears of it. */
import type { ChatError } from "../lib/errors.js";

export interface ReadOptions {
  /** The answer is not wanted any more. */
  signal?: AbortSignal;
  /** It failed for a reason that passes, and is asked again by itself. */
  onWait?: (error: ChatError) => void;
}

/** How something is tried again. */
export interface RetryOptions extends ReadOptions {
  /** Whether it is worth another attempt after this error. */
  mayPass?: (error: unknown) => boolean;
  /** The pauses, in milliseconds: from `least` to `least` plus a bound that doubles up to `cap`. */
  waits?: { least?: number; base?: number; cap?: number };
}
