import assert from "node:assert/strict";
import { test } from "node:test";
import { fold } from "../../../../static/chat/client/people/look-alikes.js";
import { isolated, spokenName } from "../../../../static/chat/client/people/names.js";
import { UserCache } from "../../../../static/chat/client/people/user-cache.js";

/** @param {[string, string][]} known usernames and display names */
function client(known) {
  const people = new UserCache({
    request: async () => ({ people: [] }),
    setTimer: () => () => {},
    changed: () => {},
  });
  for (const [username, display_name] of known)
    people.put({ username, display_name, avatar_url: null });
  return /** @type {import("../../../../static/chat/client.js").ChatClient} */ (
    /** @type {unknown} */ ({
      person: (/** @type {string} */ name) => people.get(name),
      isAmbiguous: (/** @type {string} */ name) => people.isAmbiguous(name),
      put: people.put.bind(people),
    })
  );
}

test("names that look the same fold to the same", () => {
  assert.equal(fold("Ｐаураl"), fold("paypal"));
  assert.equal(fold("IlIa"), fold("lIia"));
  assert.equal(fold("a\u200bda\u202e"), fold("Ada"));
  for (const blank of "\u2800\u3164\ufff9\ufffc\u{1d159}\u{13441}\u{13442}\u{16fe4}\u{e0101}") {
    assert.equal(fold(`ad${blank}a${blank}`), fold("ada"));
  }
  assert.equal(fold("  Ada   Lovelace"), fold("ada lovelace"));
  assert.equal(fold("рѐрѐ"), fold("PÈPÈ"));
  assert.equal(fold("ΡΌΧ"), fold("póx"));
  for (const carol of ["ϲarol", "ᴄarᴏl", "caroǀ", "CAROꞀ", "carᲂl"])
    assert.equal(fold(carol), fold("carol"));
  assert.equal(fold("Straße"), fold("STRASSE"));
  assert.equal(fold("li\u0307sa"), fold("lisa"));
  assert.equal(fold("محمـد"), fold("محمد"));
  assert.equal(fold("ΝΊΚΟΣ"), fold("νίκος"));
  assert.equal(fold("علی"), fold("علي"));
  assert.equal(fold("น้ำ"), fold("น\u0e4d\u0e49\u0e32"));
  assert.equal(fold("Крым"), fold("Крьім"));
  assert.equal(fold("カ石"), fold("力石"));
  assert.equal(fold("आशा"), fold("अाशा"));
  assert.notEqual(fold("ada"), fold("adan"));
  assert.notEqual(fold("ада"), fold("ӓдӓ"));
});

test("a name that somebody else has too is shown with the username", () => {
  const some = client([
    ["ada", "Ada"],
    ["mallory", "Аdа"],
    ["ben", "Ben"],
  ]);
  assert.equal(spokenName(some, "ada"), "Ada @ada");
  assert.equal(spokenName(some, "mallory"), "Аdа @mallory");
  assert.equal(spokenName(some, "ben"), "Ben");
});

test("a username beside an ambiguous name turns nothing around it", () => {
  const some = client([
    ["ada", "Ada"],
    ["משה", "Ada"],
  ]);
  assert.equal(spokenName(some, "משה"), "Ada \u2068@משה\u2069");
});

test("a name that is somebody else's username is shown with one's own", () => {
  const some = client([
    ["linus", "Linus Torvalds"],
    ["mallory", "Iinus"],
  ]);
  assert.equal(spokenName(some, "mallory"), "Iinus @mallory");
  assert.equal(spokenName(some, "linus"), "Linus Torvalds");
});

test("who is called by the username alone is not shown twice", () => {
  const some = client([
    ["ada", "ada"],
    ["mallory", "Ada"],
  ]);
  assert.equal(spokenName(some, "ada"), "ada");
  assert.equal(spokenName(some, "mallory"), "Ada @mallory");
});

test("a name that has been changed is taken for nobody's any more", () => {
  const some = client([
    ["ada", "Ada"],
    ["mallory", "Ada"],
  ]);
  assert.equal(spokenName(some, "ada"), "Ada @ada");
  /** @type {any} */ (some).put({ username: "mallory", display_name: "Mallory", avatar_url: null });
  assert.equal(spokenName(some, "ada"), "Ada");
  assert.equal(spokenName(some, "mallory"), "Mallory");
});

test("a name for a label turns nothing around it", () => {
  assert.equal(isolated("Ada"), "Ada");
  assert.equal(isolated("李小龍"), "李小龍");
  assert.equal(isolated("שרה"), "\u2068שרה\u2069");
  assert.equal(isolated("a\u202eb\u2069c"), "\u2068abc\u2069");
});
