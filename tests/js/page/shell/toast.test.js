import assert from "node:assert/strict";
import { test } from "node:test";
import { Toast } from "../../../../static/chat/page/shell/toast.js";
import { FakePage } from "../../support/page.js";

test("what was said goes after some seconds", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const page = new FakePage({});
  const toast = new Toast(page);
  toast.say("Saved.");
  assert.deepEqual([toast.words, page.drawn], ["Saved.", 1]);
  context.mock.timers.tick(6_999);
  assert.equal(toast.words, "Saved.");
  context.mock.timers.tick(1);
  assert.deepEqual([toast.words, page.drawn], ["", 2]);
});

test("what was said later stays for its own time", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const toast = new Toast(new FakePage({}));
  toast.say("One.");
  context.mock.timers.tick(5_000);
  toast.say("Two.");
  context.mock.timers.tick(5_000);
  assert.equal(toast.words, "Two.");
  context.mock.timers.tick(2_000);
  assert.equal(toast.words, "");
});
