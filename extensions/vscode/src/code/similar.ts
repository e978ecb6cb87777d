import type { Lines } from "./lines.js";

/** How much of two texts has to be the same for one to be taken for the other, and of short ones. */
const LEAST = 0.6;
const LEAST_OF_SHORT = 0.75;
const SHORT = 24;
/** Signs that one search may look at: some tenths of a second, whatever a message and a file have. */
const WORK_LIMIT = 3_000_000;

/**
 * The lines that are most like some others; null where none are, or the search would take too long.
 *
 * @param lines the text that is searched
 * @param expected the line, counted from 1, to which the nearer of equals is taken
 * @param among where they may begin and end: lines from 1, `to` is the one after the last
 * @param enough how much of them has to be the same, from 0 to 1; more for short ones where left out
 */
export function likest(
  lines: readonly string[],
  wanted: readonly string[],
  expected: number,
  among = { from: 1, to: lines.length + 1 },
  enough?: number,
): (Lines & { likeness: number }) | null {
  const sought = wanted.map((line) => ({ line: line.trim(), pairs: pairsOf(line.trim()) }));
  const total = sought.reduce((sum, { line }) => sum + weight(line), 0);
  const signs = sought.reduce((sum, { line }) => sum + line.length, 0);
  // Brackets and blank lines are like those of any text.
  if (signs < 3) return null;
  let work = 0;
  const least = enough ?? (signs < SHORT ? LEAST_OF_SHORT : LEAST);
  const known = new Map<string, Map<string, number>>();
  const likenesses = sought.map(() => new Map<string, number>());
  const likenessOf = (index: number, text: string) => {
    const memo = likenesses[index];
    const one = sought[index];
    if (!memo || !one) return 0;
    let found = memo.get(text);
    if (found === undefined) {
      work += one.line.length + (known.has(text) ? 0 : text.length);
      if (work > WORK_LIMIT) return 0;
      const pairs = known.get(text) ?? pairsOf(text);
      known.set(text, pairs);
      found = one.line === text ? 1 : alike(one.pairs, one.line.length, pairs, text.length);
      memo.set(text, found);
    }
    return found;
  };
  const trimmed = lines.slice(among.from - 1, among.to - 1).map((line) => line.trim());
  let best: (Lines & { likeness: number }) | null = null;
  for (let at = 0; at + wanted.length <= trimmed.length; at++) {
    let sum = 0;
    let left = total;
    for (const [index, { line }] of sought.entries()) {
      work++;
      sum += weight(line) * likenessOf(index, trimmed[at + index] ?? "");
      left -= weight(line);
      if ((sum + left) / total < least) break;
    }
    // Nothing is said of a text of which only a part was searched.
    if (work > WORK_LIMIT) return null;
    const likeness = sum / total;
    if (left > 1e-9 || likeness < least) continue;
    const start = among.from + at;
    const isNearer = best && Math.abs(start - expected) < Math.abs(best.start - expected);
    const margin = best ? likeness - best.likeness : 1;
    if (margin > 0.02 || (margin > -0.02 && isNearer))
      best = { start, end: start + wanted.length - 1, likeness };
  }
  return best;
}

/** How much of two texts is the same, from 0 to 1, line by line from their beginning. */
export function likeness(one: readonly string[], other: readonly string[]): number {
  const beside = one.map((_, at) => other[at] ?? "");
  const found = likest(beside, one, 1, { from: 1, to: one.length + 1 }, 0);
  return found?.likeness ?? 0;
}

/** A blank line says little, and yet where it stands. */
const weight = (line: string) => line.length || 0.2;

/** How often each two neighbouring signs are in a line: its bigrams. */
function pairsOf(line: string): Map<string, number> {
  const pairs = new Map<string, number>();
  for (let at = 0; at + 1 < line.length; at++) {
    const pair = line.slice(at, at + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

/** The Sørensen–Dice coefficient of two lines, by their bigrams. */
function alike(
  one: Map<string, number>,
  oneLength: number,
  other: Map<string, number>,
  otherLength: number,
): number {
  if (oneLength < 2 || otherLength < 2) return 0;
  let same = 0;
  for (const [pair, count] of one) same += Math.min(count, other.get(pair) ?? 0);
  return (2 * same) / (oneLength + otherLength - 2);
}
