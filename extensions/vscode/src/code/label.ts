import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Code } from "../bridge/protocol.js";

/** What shared lines are called in a sentence: the file, and where they stand in it. */
export function label({ path, start_line, end_line }: Code): string {
  const name = isolated(path.split("/").at(-1) ?? path);
  return start_line === end_line ? `${name}:${start_line}` : `${name}:${start_line}–${end_line}`;
}
