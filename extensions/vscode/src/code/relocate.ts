import { follow, type Hunk } from "./hunks.js";
import type { Lines } from "./lines.js";
import { likeness, likest } from "./similar.js";

/** What is known about shared lines beside their file. */
export interface Shared {
  text: string;
  start_line: number;
  end_line: number;
  before?: string | null | undefined;
  after?: string | null | undefined;
}

/** How a place was found, and so how certain it is. */
export type How =
  /** Nothing has changed in them, and they are where they were. */
  | "same"
  /** The same lines elsewhere in the file, as Git knows. */
  | "moved"
  /** Git knows that this is what became of them. */
  | "changed"
  /** The same text, and nothing more is known. */
  | "text"
  /** A similar text. */
  | "similar";

export interface Place extends Lines {
  how: How;
  /** Another file with exactly the shared lines is preferred. */
  isDoubtful?: boolean;
}

/** The file as it was shared, and how it differs from the one that is searched. */
export interface History {
  old: string;
  hunks: readonly Hunk[];
}

const LIKE_ENOUGH = 0.4;
/** How much of a file has to be left for what is in the place of other lines to have become of them. */
const LEFT_ENOUGH = 0.1;
const SURELY_LIKE = 0.8;

/** Whether the lines stand in this text where they are said to stand. */
export function isAt(text: string, { text: shared, start_line, end_line }: Shared): boolean {
  const wanted = linesOf(shared);
  // Also as many as it says: a message that ends far behind the file would be counted line by line.
  return (
    end_line - start_line + 1 === wanted.length &&
    linesOf(text)
      .slice(start_line - 1, end_line)
      .join("\n") === wanted.join("\n")
  );
}

/**
 * Where shared lines stand in a text that has changed since, as its history says.
 *
 * @param history of a file that has the lines where they were ({@link isAt})
 * @returns null when they were taken out, and are nowhere else
 */
export function byHistory(now: string, shared: Shared, { old, hunks }: History): Place | null {
  const lines = linesOf(now);
  const wanted = linesOf(shared.text);
  const was = { start: shared.start_line, end: shared.end_line };
  const fate = follow(hunks, was, linesOf(old), lines);
  if (fate.kind === "kept")
    return { ...fate.lines, how: fate.lines.start === was.start ? "same" : "moved" };
  if (fate.kind === "changed") return { ...fate.lines, how: "changed" };
  // A block that moved past others was taken out here and is new there.
  const added = hunks.flatMap((hunk) => [hunk.now]);
  const isAdded = ({ start, end }: Lines) =>
    added.some(({ from, to }) => from <= start && end < to);
  const block = best(places(lines, wanted).filter(isAdded), lines, shared);
  if (block) return { ...block, how: "moved" };
  if (fate.kind === "replaced") {
    const isDoubtful =
      likeness(wanted, lines.slice(fate.lines.start - 1, fate.lines.end)) < LIKE_ENOUGH;
    return isDoubtful && leftOf(old, hunks) < LEFT_ENOUGH
      ? null
      : { ...fate.lines, how: "changed", isDoubtful };
  }
  const similar = likest(lines, wanted, was.start);
  if (!similar || !isAdded(similar)) return null;
  return {
    start: similar.start,
    end: similar.end,
    how: "similar",
    isDoubtful: similar.likeness < SURELY_LIKE,
  };
}

/** How much of a text is left, from 0 to 1: 0 where all of it was replaced. */
function leftOf(old: string, hunks: readonly Hunk[]): number {
  const lines = linesOf(old);
  const written = (some: string[]) => some.filter((line) => line.trim() !== "").length;
  const taken = hunks.reduce(
    (sum, hunk) => sum + written(lines.slice(hunk.old.from - 1, hunk.old.to - 1)),
    0,
  );
  return 1 - taken / Math.max(1, written(lines));
}

/**
 * Where shared lines stand in a text of which no history is known.
 *
 * The same lines: of several places the one among the lines that were around them, then the one
 * nearest to where they were. Otherwise lines that differ in white space alone, as after a change of
 * indentation; otherwise the most similar lines.
 */
export function byText(now: string, shared: Shared): Place | null {
  const lines = linesOf(now);
  const wanted = wantedOf(shared.text);
  if (wanted.length === 0) return null;
  const exact = best(places(lines, wanted), lines, shared);
  if (exact) return { ...exact, how: exact.start === shared.start_line ? "same" : "text" };
  const spaced = best(places(lines.map(squeezed), wanted.map(squeezed)), lines, shared);
  if (spaced) return { ...spaced, how: "similar" };
  const part = best(partPlaces(lines, wanted), lines, shared);
  if (part) return { ...part, how: "text" };
  const similar = likest(lines, wanted, shared.start_line);
  if (!similar) return null;
  return {
    start: similar.start,
    end: similar.end,
    how: "similar",
    isDoubtful: similar.likeness < SURELY_LIKE,
  };
}

/** Where the same lines stand, each as it was: in another file less would be chance. */
export function whole(now: string, shared: Shared): Lines | null {
  const wanted = wantedOf(shared.text);
  if (wanted.length === 0) return null;
  const lines = linesOf(now);
  return best(places(lines, wanted), lines, shared);
}

export const linesOf = (text: string) => text.split(/\r\n|\r|\n/);

function wantedOf(shared: string): string[] {
  const wanted = linesOf(shared);
  while (wanted.at(-1)?.trim() === "") wanted.pop();
  return wanted;
}

function places(lines: string[], wanted: string[]): Lines[] {
  return everywhere(lines, wanted.length, (at) =>
    wanted.every((line, index) => line === lines[at + index]),
  );
}

/** A selection can begin and end within lines, so its first and last line may be parts of one. */
function partPlaces(lines: string[], wanted: string[]): Lines[] {
  const first = wanted[0] ?? "";
  const last = wanted.at(-1) ?? "";
  return everywhere(lines, wanted.length, (at) =>
    wanted.every((line, index) => {
      const here = lines[at + index] ?? "";
      if (wanted.length === 1) return here.includes(first);
      if (index === 0) return here.endsWith(first);
      if (index === wanted.length - 1) return here.startsWith(last);
      return here === line;
    }),
  );
}

function everywhere(lines: string[], length: number, fits: (at: number) => boolean): Lines[] {
  const found: Lines[] = [];
  for (let at = 0; at + length <= lines.length; at++)
    if (fits(at)) found.push({ start: at + 1, end: at + length });
  return found;
}

/** Of several places the one with most of the lines that were around, then the nearest. */
function best(
  found: Lines[],
  lines: string[],
  { start_line, before, after }: Shared,
): Lines | null {
  const above = before ? linesOf(before).reverse() : [];
  const below = after ? linesOf(after) : [];
  const agreeing = (context: string[], line: (distance: number) => string | undefined) => {
    const differs = context.findIndex(
      (each, distance) => squeezed(each) !== squeezed(line(distance) ?? "\0"),
    );
    return differs < 0 ? context.length : differs;
  };
  const rank = ({ start, end }: Lines) =>
    agreeing(above, (distance) => lines[start - 2 - distance]) +
    agreeing(below, (distance) => lines[end + distance]);
  let chosen: { place: Lines; rank: number; distance: number } | null = null;
  for (const place of found) {
    const each = { place, rank: rank(place), distance: Math.abs(place.start - start_line) };
    const isBetter =
      !chosen ||
      each.rank > chosen.rank ||
      (each.rank === chosen.rank && each.distance < chosen.distance);
    if (isBetter) chosen = each;
  }
  return chosen?.place ?? null;
}

const squeezed = (line: string) => line.trim().replace(/\s+/g, " ");
