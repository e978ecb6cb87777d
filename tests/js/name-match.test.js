import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { matchRank, searchable } from "../../static/chat/name-match.js";

/** @type {[string, string[]][]} */
const cases = JSON.parse(readFileSync(new URL("../folding.json", import.meta.url), "utf8"));

test("a name is found by what people type of it, as on the server", () => {
  for (const [name, queries] of cases) {
    for (const query of queries) {
      for (const word of query.split(" ")) assert.notEqual(matchRank(word, [name]), null, `${name}: ${query}`);
    }
  }
});

test("other letters stay others", () => {
  for (const [one, other] of [["ガ", "カ"], ["ครู", "คร"], ["की", "कि"], ["bob", "bobby"]])
    assert.notEqual(searchable(one), searchable(other));
});
