/** Lines of a text, counted from 1, both included. */
export interface Lines {
  start: number;
  end: number;
}

/**
 * Where shared lines stand now in a text that has changed since.
 *
 * Exactly where they were, if they are still there; otherwise the nearest place with the same
 * lines; otherwise the nearest place where they differ in white space alone, as after they were
 * indented anew.
 *
 * @param now the text as it is
 * @param shared the lines as they were shared
 * @param was the line, counted from 1, on which they began
 * @returns null when they are nowhere
 */
export function relocate(now: string, shared: string, was: number): Lines | null {
  const lines = linesOf(now);
  const wanted = wantedOf(shared);
  if (wanted.length === 0) return null;
  return (
    nearest(lines, wanted, was) ??
    nearest(lines.map(squeezed), wanted.map(squeezed), was) ??
    nearestPart(lines, wanted, was)
  );
}

/** Where the same lines stand, each as it was: in another file less would be chance. */
export function whole(now: string, shared: string, was: number): Lines | null {
  const wanted = wantedOf(shared);
  return wanted.length === 0 ? null : nearest(linesOf(now), wanted, was);
}

function wantedOf(shared: string): string[] {
  const wanted = linesOf(shared);
  while (wanted.at(-1)?.trim() === "") wanted.pop();
  return wanted;
}

/** A selection can begin and end within lines, so its first and last line may be parts of one. */
function nearestPart(lines: string[], wanted: string[], was: number): Lines | null {
  const first = wanted[0] ?? "";
  const last = wanted.at(-1) ?? "";
  return best(lines.length - wanted.length, was, wanted.length, (at) =>
    wanted.every((line, index) => {
      const here = lines[at + index] ?? "";
      if (wanted.length === 1) return here.includes(first);
      if (index === 0) return here.endsWith(first);
      if (index === wanted.length - 1) return here.startsWith(last);
      return here === line;
    }),
  );
}

function nearest(lines: string[], wanted: string[], was: number): Lines | null {
  return best(lines.length - wanted.length, was, wanted.length, (at) =>
    wanted.every((line, index) => line === lines[at + index]),
  );
}

function best(latest: number, was: number, length: number, fits: (at: number) => boolean): Lines | null {
  let found: number | null = null;
  for (let at = 0; at <= latest; at++) {
    const isNearer = found === null || Math.abs(at + 1 - was) < Math.abs(found + 1 - was);
    if (isNearer && fits(at)) found = at;
  }
  return found === null ? null : { start: found + 1, end: found + length };
}

const linesOf = (text: string) => text.split(/\r\n|\r|\n/);
const squeezed = (line: string) => line.trim().replace(/\s+/g, " ");
