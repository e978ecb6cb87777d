import assert from "node:assert/strict";
import { test } from "node:test";

import { PictureWaits } from "../../../../static/chat/page/lib/pictures.js";
import { Clock } from "../../support/clock.js";

test("a picture that does not come is asked for again for five minutes, at most 31 s apart", async () => {
  const clock = new Clock();
  const waits = new PictureWaits(clock.monotonic);
  const began = clock.monotonic();
  for (let pause = waits.next(); pause !== null; pause = waits.next()) {
    assert.ok(pause >= 1_000 && pause <= 31_000, String(pause));
    await clock.pass(pause);
  }
  const took = clock.monotonic() - began;
  assert.ok(took > 5 * 60_000 && took < 6 * 60_000, String(took));
});

test("a sleep, or a clock that is set, does not end the asking for a picture", () => {
  const clock = new Clock();
  const waits = new PictureWaits(clock.monotonic);
  waits.next();
  clock.setWallClock(60 * 60_000);
  clock.sleep(60 * 60_000, { standsStill: false });
  assert.notEqual(waits.next(), null);
});
