import type { Lines } from "./lines.js";
import { likest } from "./similar.js";

/** One place at which two texts differ. Lines count from 1; `to` is the line after the last. */
export interface Hunk {
  old: { from: number; to: number };
  now: { from: number; to: number };
}

/** What became of lines that another text had. */
export type Fate =
  /** All of them are there, one after the other. */
  | { kind: "kept"; lines: Lines }
  /** Some are there, others differ. */
  | { kind: "changed"; lines: Lines }
  /** None is there but blank ones; these are in their place. */
  | { kind: "replaced"; lines: Lines }
  | { kind: "deleted" };

/** Less likeness is enough in a hunk than anywhere: Git knows that they became something in it. */
const ENOUGH = 0.5;

/** The hunks of `git diff -U0`. */
export function readHunks(diff: string): Hunk[] {
  // Line by line: with the flag `m`, `^` stands also after signs that end no line for Git.
  const heads = diff
    .split("\n")
    .map((line) => /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line))
    .filter((found) => found !== null);
  return heads.map(([, old, removed, now, added]) => ({
    old: side(old, removed),
    now: side(now, added),
  }));
}

/** Git names the line before a place that has no lines. */
function side(line: string | undefined, count: string | undefined) {
  const from = Number(line) + (count === "0" ? 1 : 0);
  return { from, to: from + (count === undefined ? 1 : Number(count)) };
}

/**
 * Follows lines of the old text into the text as it is now.
 *
 * @param hunks where the two differ, in order
 * @param was the lines in the old text
 */
export function follow(
  hunks: readonly Hunk[],
  was: Lines,
  old: readonly string[],
  now: readonly string[],
): Fate {
  const touching = hunks.filter((hunk) => touches(hunk, was));
  const first = moved(hunks, was.start);
  const last = moved(hunks, was.end);
  if (touching.length === 0 && first !== null && last !== null)
    return { kind: "kept", lines: { start: first, end: last } };
  const isLeft = (line: number) =>
    moved(hunks, line) !== null && (old[line - 1] ?? "").trim() !== "";
  const anyLeft = rangeOf(was).some(isLeft);
  const [hunk] = touching;
  if (!anyLeft && touching.every((each) => each.now.from === each.now.to))
    return { kind: "deleted" };
  if (touching.length === 1 && hunk && first === null && last === null) {
    return { kind: "replaced", lines: within(hunk, was, old, now) };
  }
  const start = first ?? at(touching[0], was.start, "top", old, now);
  const end = Math.max(start, last ?? at(touching.at(-1), was.end, "bottom", old, now));
  return { kind: anyLeft ? "changed" : "replaced", lines: { start, end } };
}

function touches({ old }: Hunk, { start, end }: Lines): boolean {
  // What is put in between two lines separates them; before the first and after the last it does not.
  return old.from === old.to
    ? old.from > start && old.from <= end
    : old.from <= end && old.to > start;
}

/** Where a line of the old text is now, null where it was taken out. */
function moved(hunks: readonly Hunk[], line: number): number | null {
  let shift = 0;
  for (const { old, now } of hunks) {
    if (line < old.from) break;
    if (line < old.to) return null;
    shift = now.to - old.to;
  }
  return line + shift;
}

/** Of lines that are all in one hunk: the most similar lines in it, else what stands at the same distance from its beginning. */
function within(
  { old, now }: Hunk,
  was: Lines,
  before: readonly string[],
  lines: readonly string[],
): Lines {
  const wanted = before.slice(was.start - 1, was.end);
  const beginning = Math.min(now.from + was.start - old.from, now.to - 1);
  const found = likest(lines, wanted, beginning, now, ENOUGH);
  const start = found?.start ?? beginning;
  return { start, end: Math.min(start + wanted.length, now.to) - 1 };
}

/** Of a first or last line that a hunk took: the most similar line there, else what stands at the same distance from where it went on. */
function at(
  hunk: Hunk | undefined,
  line: number,
  side: "top" | "bottom",
  before: readonly string[],
  lines: readonly string[],
): number {
  if (!hunk) return line;
  const { old, now } = hunk;
  // The first line goes on after the hunk, so it is measured from the hunk's end; the last from its beginning.
  const aligned = side === "top" ? now.to - (old.to - line) : now.from + (line - old.from);
  const inside = Math.max(now.from, Math.min(aligned, now.to - 1));
  const found = likest(lines, [before[line - 1] ?? ""], inside, now, ENOUGH);
  if (found) return found.start;
  // A hunk that only took lines out leaves those around it.
  if (now.from === now.to) return side === "top" ? now.from : now.from - 1;
  return inside;
}

const rangeOf = ({ start, end }: Lines) =>
  Array.from({ length: end - start + 1 }, (_, index) => start + index);
