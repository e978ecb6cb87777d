import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Code } from "../bridge/protocol.js";

/** Names shared lines in a sentence: the file, and their place in it. */
export function label({ path, start_line, end_line }: Code): string {
  const name = isolated(path.split("/").at(-1) ?? path);
  return start_line === end_line ? `${name}:${start_line}` : `${name}:${start_line}–${end_line}`;
}
