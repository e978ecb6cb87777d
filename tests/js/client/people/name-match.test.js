import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { matchRank, searchable } from "../../../../static/chat/client/people/name-match.js";
import { listedRooms } from "../../../../static/chat/page/lib/rooms.js";

/** @type {[string, string[]][]} */
const cases = JSON.parse(readFileSync(new URL("../../../folding.json", import.meta.url), "utf8"));

test("a name is found by what people type of it, as on the server", () => {
  for (const [name, queries] of cases) {
    for (const query of queries) {
      for (const word of query.split(" "))
        assert.notEqual(matchRank(word, [name]), null, `${name}: ${query}`);
    }
  }
});

test("other letters stay others", () => {
  for (const [one, other] of [
    ["ガ", "カ"],
    ["ครู", "คร"],
    ["की", "कि"],
    ["bob", "bobby"],
  ])
    assert.notEqual(searchable(one), searchable(other));
});

test("people of the list are found as they are mentioned", () => {
  const rooms = ["ann", "bob"].map((name) => ({
    id: name,
    kind: "direct",
    name: "",
    members: ["me", name],
  }));
  const client = /** @type {any} */ ({
    rooms: new Map(rooms.map((room) => [room.id, room])),
    me: { username: "me" },
    people: new Map(),
    person: (/** @type {string} */ username) => ({ username, display_name: "" }),
  });
  const found = (/** @type {string} */ query) =>
    listedRooms(client, query).people.map(({ id }) => id);
  for (const query of ["@ann", "＠ann", " @an", "ann"])
    assert.deepEqual(found(query), ["ann"], query);
  assert.deepEqual(found("@"), ["ann", "bob"]);
  assert.deepEqual(found("b@ob"), []);
});
