/**
 * Lines shared some commits ago, found again by the extension in this project's own history.
 *
 * The truth is Git's own diff of the two commits. ANCHORS=400 takes so many ranges at each of the
 * three distances from the newest commit, in place of the few from one commit that are taken each
 * time.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { findIn } from "../../src/code/find.js";
import { linesOf } from "../../src/code/relocate.js";
import { gitProgram } from "../../src/platform/node.js";
import type { Code } from "../../src/bridge/protocol.js";

const SAMPLES = Number(process.env.ANCHORS ?? 20);
const NOW = process.env.ANCHORS ? "HEAD" : "45e4e5d";
const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1e8 });
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What Git says of each old line: the line it is now, or null, and between which lines that are left. */
function truth(old: string, path: string) {
  const gone = new Map<number, [number, number]>();
  const shifts: [number, number][] = [];
  const cuts: number[] = [];
  for (const [, from, removed = "1", to, added = "1"] of git(
    "diff",
    "-U0",
    old,
    NOW,
    "--",
    path,
  ).matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)) {
    const [o, r, n, a] = [from, removed, to, added].map(Number) as [number, number, number, number];
    for (let line = o; line < o + r; line++) gone.set(line, a === 0 ? [n + 1, n] : [n, n + a - 1]);
    shifts.push([r === 0 ? o + 1 : o + r, a - r]);
    if (r === 0) cuts.push(o);
  }
  const now = (line: number) =>
    gone.has(line)
      ? null
      : shifts.reduce((sum, [after, by]) => (line >= after ? sum + by : sum), line);
  return {
    now,
    gone,
    isCut: (start: number, end: number) => cuts.some((line) => line >= start && line < end),
  };
}

async function judge(back: number) {
  const old = git("rev-list", `--skip=${back}`, "-1", NOW).trim();
  const files = git("diff", "--name-only", "--diff-filter=M", "-z", old, NOW)
    .split("\0")
    .filter((name) => /\.(py|js|ts|mjs|md)$/.test(name));
  let seed = 7;
  const random = (below: number) =>
    (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  const tally = {
    untouched: { right: 0, wrong: 0, gone: 0 },
    touched: { right: 0, wrong: 0, gone: 0 },
  };
  const wrong: string[] = [];
  const texts = new Map<string, { before: string[]; now: string }>();
  for (let taken = 0; taken < SAMPLES;) {
    const path = files[random(files.length)] ?? "";
    const known = texts.get(path) ?? {
      before: linesOf(git("show", `${old}:${path}`)),
      now: git("show", `${NOW}:${path}`),
    };
    texts.set(path, known);
    const length = 1 + random(12);
    const start = 1 + random(Math.max(1, known.before.length - length));
    const end = Math.min(start + length - 1, known.before.length - 1);
    const text = known.before.slice(start - 1, end).join("\n");
    if (!text.trim()) continue;
    taken++;
    const code: Code = {
      language: "",
      repository: "",
      branch: "",
      commit: old,
      path,
      start_line: start,
      end_line: end,
      text,
      dirty: false,
    };
    const found = await findIn(known.now, code, { git: gitProgram!("git"), root }, decode);
    const { now, gone, isCut } = truth(old, path);
    const range = Array.from({ length: end - start + 1 }, (_, index) => start + index);
    const left = range.map(now).filter((line) => line !== null);
    const isUntouched = left.length === range.length && !isCut(start, end);
    let isRight: boolean;
    if (!found) isRight = false;
    else if (isUntouched) {
      isRight =
        found.start === now(start) &&
        found.end === now(end) &&
        ["same", "moved"].includes(found.how) &&
        (found.how === "same") === (now(start) === start);
    } else if (found.how === "moved") {
      isRight =
        linesOf(known.now)
          .slice(found.start - 1, found.end)
          .join("\n") === text;
    } else if (found.how === "similar")
      isRight = left.every((line) => (linesOf(known.now)[line - 1] ?? "").trim() === "");
    else {
      // Every line that is left is in it, and nothing that is before or after what took their place.
      const near = range.flatMap((line) => gone.get(line) ?? [now(line) ?? 0]);
      const told = left.filter((line) => (linesOf(known.now)[line - 1] ?? "").trim() !== "");
      isRight =
        found.how === "changed" && told.every((line) => found.start <= line && line <= found.end);
      isRight &&= found.start >= Math.min(...near) && found.end <= Math.max(...near);
    }
    // What Git says was taken out, and is nowhere else, is gone.
    const isGone =
      !found &&
      range.every(
        (line) =>
          (gone.get(line) ?? [0, 1])[0] > (gone.get(line) ?? [0, 1])[1] ||
          !known.before[line - 1]?.trim(),
      );
    const row = tally[isUntouched ? "untouched" : "touched"];
    row[isRight ? "right" : isGone ? "gone" : "wrong"]++;
    if (!isRight && !isGone)
      wrong.push(
        `${back} back, ${path}:${start}–${end}: ${JSON.stringify(found)}, of which Git has ${JSON.stringify(range.map(now))}\n${text}`,
      );
  }
  return { tally, wrong };
}

const isShallow = git("rev-parse", "--is-shallow-repository").trim() === "true";

for (const back of [30, 100, 200]) {
  const missing = isShallow || Number(git("rev-list", "--count", NOW)) <= back;
  const skip =
    missing && !process.env.CI ? `The history is not here: fewer than ${back} commits.` : false;
  test(
    `lines shared ${back} commits ago are found where Git knows that they are`,
    { skip },
    async (context) => {
      assert.equal(missing, false, "The history is not here.");
      const { tally, wrong } = await judge(back);
      context.diagnostic(JSON.stringify(tally));
      assert.deepEqual(wrong, []);
      assert.equal(tally.untouched.gone, 0);
    },
  );
}
