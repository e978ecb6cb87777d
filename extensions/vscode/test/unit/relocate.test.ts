import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { follow, readHunks } from "../../src/code/hunks.js";
import { byHistory, byText, isAt, linesOf, whole, type Shared } from "../../src/code/relocate.js";
import { likest } from "../../src/code/similar.js";

const file = ["one", "two", "three", "  four", "five", "two", "three"].join("\n");

const shared = (text: string, start_line: number, more: Partial<Shared> = {}): Shared => ({
  text,
  start_line,
  end_line: start_line + text.split("\n").length - 1,
  ...more,
});

/** Lines of an old text, followed into a new one by Git itself. */
function followed(old: string[], now: string[], start: number, end = start) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "relocate-"));
  try {
    for (const [name, lines] of Object.entries({ old, now }))
      writeFileSync(path.join(folder, name), `${lines.join("\n")}\n`);
    let diff = "";
    try {
      execFileSync("git", ["diff", "--no-index", "-U0", "old", "now"], { cwd: folder });
    } catch (error) {
      diff = String((error as { stdout: Buffer }).stdout);
    }
    const hunks = readHunks(diff);
    const text = shared(old.slice(start - 1, end).join("\n"), start);
    return {
      fate: follow(hunks, { start, end }, old, now),
      place: byHistory(`${now.join("\n")}\n`, text, { old: `${old.join("\n")}\n`, hunks }),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SEEN = [
  "def one(x):",
  "    seen = set()",
  "    for each in x:",
  "        seen.add(each)",
  "    return seen",
  "",
];
const OTHER = [
  "def other(y):",
  "    seen = []",
  "    while y:",
  "        seen.append(y.pop())",
  "    return seen",
  "",
];
const FILLER = Array.from({ length: 12 }, (_, index) => `filler_${index} = ${index}`);

test("lines that have not moved are where they were", () => {
  assert.deepEqual(byText(file, shared("two\nthree", 2)), { start: 2, end: 3, how: "same" });
  assert.deepEqual(followed(SEEN, SEEN, 2, 3).place, { start: 2, end: 3, how: "same" });
});

test("by their text alone the nearer of two equal places is taken, and no more is claimed", () => {
  assert.deepEqual(byText(file, shared("two\nthree", 5)), { start: 6, end: 7, how: "text" });
});

test("lines around them tell twins from each other", () => {
  assert.deepEqual(byText(file, shared("two\nthree", 2, { before: "  four\nfive" })), {
    start: 6,
    end: 7,
    how: "text",
  });
  assert.deepEqual(byText(file, shared("two", 6, { after: "three\n\tfour" })), {
    start: 2,
    end: 2,
    how: "text",
  });
  assert.deepEqual(byText(file, shared("two", 6, { before: "", after: null })), {
    start: 6,
    end: 6,
    how: "same",
  });
});

test("of twins Git knows which one was meant", () => {
  const old = [...OTHER, ...SEEN];
  const now = [...OTHER, ...FILLER, ...SEEN];
  assert.deepEqual(followed(old, now, 11).place, { start: 23, end: 23, how: "moved" });
  // Also where the twin is new, nearer, and stands where they stood.
  assert.deepEqual(followed(SEEN, [...OTHER, ...SEEN], 5).place, {
    start: 11,
    end: 11,
    how: "moved",
  });
});

test("lines that moved past others are found where they went", () => {
  const place = followed([...SEEN, ...FILLER], [...FILLER, ...SEEN], 2, 4).place;
  assert.deepEqual(place, { start: 14, end: 16, how: "moved" });
});

test("what was edited is where Git knows it to be, and never the same", () => {
  const edited = SEEN.with(1, "    seen = frozenset()");
  assert.deepEqual(followed([...FILLER, ...SEEN], [...FILLER.slice(3), ...edited], 14, 15).place, {
    start: 11,
    end: 12,
    how: "changed",
  });
  assert.deepEqual(followed(SEEN, edited, 2).place, {
    start: 2,
    end: 2,
    how: "changed",
    isDoubtful: false,
  });
  // Something between them, something taken out of them, and their ends edited.
  assert.deepEqual(followed(SEEN, SEEN.toSpliced(3, 0, "        print(each)"), 3, 4).place, {
    start: 3,
    end: 5,
    how: "changed",
  });
  assert.deepEqual(followed(SEEN, SEEN.toSpliced(2, 1), 2, 4).place, {
    start: 2,
    end: 3,
    how: "changed",
  });
  assert.deepEqual(followed(SEEN, SEEN.toSpliced(1, 1), 2, 4).place, {
    start: 2,
    end: 3,
    how: "changed",
  });
  assert.deepEqual(
    followed(SEEN, SEEN.with(1, "    seen = dict()").with(3, "        seen.add(each.id)"), 2, 4)
      .place,
    { start: 2, end: 4, how: "changed" },
  );
});

test("of lines that became many, those are taken that are like them", () => {
  const became = ["    if x is None:", "        x = []", "    seen_before = set()", "    log(x)"];
  assert.deepEqual(followed(SEEN, SEEN.toSpliced(1, 1, ...became), 2).place, {
    start: 4,
    end: 4,
    how: "changed",
    isDoubtful: false,
  });
});

test("what else is in the place of lines that were replaced is doubtful", () => {
  const { fate, place } = followed([...SEEN, "last"], ["from new import thing", "last"], 1, 5);
  assert.equal(fate.kind, "replaced");
  assert.deepEqual(place, { start: 1, end: 1, how: "changed", isDoubtful: true });
});

test("in a file that was replaced as a whole they are gone", () => {
  assert.equal(followed(SEEN, ["print(1)"], 2, 4).place, null);
});

test("lines that were taken out are gone, whatever twin is left", () => {
  assert.equal(followed([...SEEN, ...FILLER, ...OTHER], [...FILLER, ...OTHER], 5).place, null);
  assert.equal(followed([...SEEN, ...OTHER], OTHER, 1, 6).place, null);
});

test("lines that are put right before or after them do not change them", () => {
  assert.deepEqual(followed(SEEN, SEEN.toSpliced(1, 0, "    # new"), 2, 4).place, {
    start: 3,
    end: 5,
    how: "moved",
  });
  assert.deepEqual(followed(SEEN, SEEN.toSpliced(4, 0, "    # new"), 2, 4).place, {
    start: 2,
    end: 4,
    how: "same",
  });
});

test("lines whose indentation changed are similar, and not the same", () => {
  assert.deepEqual(byText(file, shared("four\n\tfive", 1)), { start: 4, end: 5, how: "similar" });
});

test("the same lines count more than nearer ones that differ in white space", () => {
  assert.deepEqual(byText("  a\nb\nc\na", shared("a", 1)), { start: 4, end: 4, how: "text" });
});

test("parts of the first and last line are found", () => {
  const parts = shared("call(1,\n  2,\n  3", 3);
  assert.deepEqual(byText("let x = call(1,\n  2,\n  3);", parts), {
    start: 1,
    end: 3,
    how: "text",
  });
});

test("line endings do not matter", () => {
  assert.deepEqual(byText(file.replaceAll("\n", "\r\n"), shared("two\nthree\n", 2)), {
    start: 2,
    end: 3,
    how: "same",
  });
});

test("lines that are gone are nowhere", () => {
  assert.equal(byText(file, shared("two\nfour", 2)), null);
  assert.equal(
    byText(SEEN.join("\n"), shared("import { html } from 'lit';\nconst answer = 42;", 2)),
    null,
  );
});

test("lines that are edited a little are found by likeness", () => {
  const now = [
    ...FILLER,
    ...SEEN.with(1, "    seen = set(x)").with(3, "        seen.add(each.id)"),
  ].join("\n");
  const place = byText(now, shared(SEEN.slice(0, 5).join("\n"), 2));
  assert.deepEqual(place && [place.start, place.end, place.how], [13, 17, "similar"]);
});

test("brackets are like nothing", () => {
  assert.equal(likest(linesOf("a {\n}\n)\n"), ["]", "}"], 1), null);
});

test("a search for likeness has a bound", () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line number ${index} of a file`);
  const wanted = lines.slice(0, 300).map((line) => `${line} that is long`);
  assert.equal(likest(lines, wanted, 1), null);
});

test("its bound is in signs: long lines that are half alike cost what many lines do", () => {
  const line = (start: string, at: number, of: string, times: number) =>
    `${start}${at} ${of.repeat(times)}`;
  const search = (count: number, wantedCount: number, times: number) => {
    const wanted = Array.from({ length: wantedCount }, (_, at) =>
      line("y", at, at % 2 ? "abcdefgh " : "zyxwvuts ", times),
    );
    const lines = Array.from({ length: count }, (_, at) => line("x", at, "abcdefgh ", times));
    return likest([...lines, ...wanted.map((each) => `${each}!`)], wanted, 1);
  };
  assert.equal(search(5_000, 12, 6)?.start, 5_001);
  assert.equal(search(4_000, 95, 20), null);
});

test("lines are not where a message says that there are more of them than it has", () => {
  // Counting two thousand million lines would end the editor's extensions.
  const endless = { ...shared(SEEN.join("\n"), 1), end_line: 2 ** 31 };
  assert.equal(isAt(SEEN.join("\n"), endless), false);
  assert.equal(isAt(SEEN.join("\n"), shared(SEEN.join("\n"), 1)), true);
  assert.deepEqual(byText(SEEN.join("\n"), { ...endless, text: "    seen = set()" })?.start, 2);
});

test("what looks like a hunk within a line is none", () => {
  assert.equal(readHunks("@@ -1 +1 @@\n-a\u2028@@ -5 +9 @@\n+b\u2029@@ -7 +1 @@\n").length, 1);
});

test("blank lines are no place", () => {
  assert.equal(byText("\n\n\n", shared("\n", 1)), null);
});

test("more lines than there are, are nowhere", () => {
  assert.equal(byText("one", shared("one\ntwo", 1)), null);
});

test("in another file only the same lines count", () => {
  assert.deepEqual(whole(file, shared("two\nthree\n", 1)), { start: 2, end: 3 });
  assert.equal(whole(file, shared("four\nfive", 1)), null);
  assert.equal(whole(file, shared("\n", 1)), null);
});
