import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientEvents } from "../../../../static/chat/page/lib/client-events.js";
import { FakePage } from "../../support/page.js";

/** @param {string} type @param {Record<string, unknown>} [detail] */
const told = (type, detail) => new CustomEvent(type, { detail });

/** @returns {any} */
const client = () => new EventTarget();

test("a component is drawn again for the events that it follows, and for no others", () => {
  const page = new FakePage({ client: client() });
  new ClientEvents(page, ["people", "presence"]);
  page.connectedCallback();
  page.drawn = 0;
  page.client.dispatchEvent(told("people"));
  page.client.dispatchEvent(told("presence", { user: "ada" }));
  page.client.dispatchEvent(told("rooms"));
  assert.equal(page.drawn, 2);
});

test("an event that does not concern it draws nothing", () => {
  const page = new FakePage({ client: client() });
  new ClientEvents(page, ["room", "state"], (type, { room }) => type === "state" || room === "a");
  page.connectedCallback();
  page.drawn = 0;
  page.client.dispatchEvent(told("room", { room: "b" }));
  assert.equal(page.drawn, 0);
  page.client.dispatchEvent(told("room", { room: "a" }));
  page.client.dispatchEvent(told("state"));
  assert.equal(page.drawn, 2);
});

test("it follows while it is in the page, and once", () => {
  const page = new FakePage({ client: client() });
  new ClientEvents(page, ["people"]);
  page.client.dispatchEvent(told("people"));
  assert.equal(page.drawn, 0);
  for (let visit = 0; visit < 2; visit += 1) {
    page.connectedCallback();
    page.drawn = 0;
    page.client.dispatchEvent(told("people"));
    assert.equal(page.drawn, 1);
    page.disconnectedCallback();
    page.client.dispatchEvent(told("people"));
    assert.equal(page.drawn, 1);
  }
});

test("one that is in the page before there is a client follows it later", () => {
  const page = new FakePage({});
  const changes = new ClientEvents(page, ["people"]);
  page.connectedCallback();
  page.client = client();
  changes.hostConnected();
  changes.hostConnected();
  page.drawn = 0;
  page.client.dispatchEvent(told("people"));
  assert.equal(page.drawn, 1);
});
