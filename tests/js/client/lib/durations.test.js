import assert from "node:assert/strict";
import { test } from "node:test";

import { FailingTime, Stopwatch } from "../../../../static/chat/client/lib/durations.js";
import { Clock } from "../../support/clock.js";

test("a stopwatch counts on when the wall clock is set back, and in a sleep on every system", async () => {
  const clock = new Clock();
  const stopwatch = new Stopwatch(clock);
  clock.setWallClock(-60 * 60_000);
  await clock.pass(2_000);
  assert.equal(stopwatch.elapsed, 2_000);
  stopwatch.restart();
  assert.equal(stopwatch.elapsed, 0);
  clock.sleep(60_000, { standsStill: true });
  assert.equal(stopwatch.elapsed, 60_000);
  clock.sleep(60_000, { standsStill: false });
  assert.equal(stopwatch.elapsed, 120_000);
});

test("of what lies between two failures no more than a bound counts, and of a set clock nothing", async () => {
  const clock = new Clock();
  const failing = new FailingTime(clock.monotonic, 60_000);
  assert.equal(failing.failed(), 0);
  await clock.pass(10_000);
  assert.equal(failing.failed(), 10_000);
  clock.sleep(60 * 60_000, { standsStill: false });
  assert.equal(failing.failed(), 70_000);
  clock.setWallClock(-60 * 60_000);
  assert.equal(failing.failed(), 70_000);
  failing.restart();
  await clock.pass(10_000);
  assert.equal(failing.failed(), 0);
});
