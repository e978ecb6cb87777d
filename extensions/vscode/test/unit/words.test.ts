import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

test("every sentence of the code can be translated", () => {
  const bundle = JSON.parse(read("l10n/bundle.l10n.json")) as Record<string, string>;
  const files = readdirSync(new URL("../../src", import.meta.url), {
    recursive: true,
    encoding: "utf8",
  });
  const spoken = new Set<string>();
  for (const name of files.filter((each) => each.endsWith(".ts"))) {
    for (const [, words] of read(`src/${name}`).matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)) {
      spoken.add(JSON.parse(words ?? "") as string);
    }
  }
  assert.deepEqual([...spoken].sort(), Object.keys(bundle).sort());
});

test("every %name% of the manifest has its words, and none is left over", () => {
  const named = [...read("package.json").matchAll(/%([\w.]+)%/g)].map(([, name]) => name);
  assert.deepEqual(
    [...new Set(named)].sort(),
    Object.keys(JSON.parse(read("package.nls.json")) as object).sort(),
  );
});
