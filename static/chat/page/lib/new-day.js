/** How often it is asked which day it is. A timer up to midnight would come late after a sleep. */
const LOOK = 30_000;

/** @type {Set<import("lit").ReactiveControllerHost>} */
const hosts = new Set();
let timer = 0;
let today = "";

/** Draws a component again when a day begins: what was "Today" is "Yesterday" then. */
export class NewDay {
  #host;

  /** @param {import("lit").ReactiveControllerHost} host */
  constructor(host) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected() {
    hosts.add(this.#host);
    if (timer) return;
    today = new Date().toDateString();
    timer = window.setInterval(look, LOOK);
    document.addEventListener("visibilitychange", look);
  }

  hostDisconnected() {
    hosts.delete(this.#host);
    if (hosts.size > 0) return;
    clearInterval(timer);
    timer = 0;
    document.removeEventListener("visibilitychange", look);
  }
}

function look() {
  const now = new Date().toDateString();
  if (now === today) return;
  today = now;
  for (const host of hosts) host.requestUpdate();
}
