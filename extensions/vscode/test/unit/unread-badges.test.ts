import assert from "node:assert/strict";
import { test } from "node:test";
import { Uri } from "vscode";
import { UnreadBadges, unreadUri } from "../../src/rooms/unread-badges.js";

const badgeOf = (uri: Uri) => new UnreadBadges().provideFileDecoration(uri);

test("a badge says how much is unread in two signs, and its tooltip all of it", () => {
  assert.equal(badgeOf(unreadUri(1, false))?.badge, "1");
  assert.equal(badgeOf(unreadUri(99, false))?.badge, "99");
  assert.equal(badgeOf(unreadUri(100, false))?.badge, "9+");
  assert.equal(badgeOf(unreadUri(100, false))?.tooltip, "100 unread");
});

test("a muted room's badge has no colour, and other files have no badge", () => {
  assert.ok(badgeOf(unreadUri(2, false))?.color);
  assert.equal(badgeOf(unreadUri(2, true))?.color, undefined);
  assert.equal(badgeOf(unreadUri(2, true))?.badge, "2");
  assert.equal(badgeOf(Uri.file("/loud/3")), undefined);
});
