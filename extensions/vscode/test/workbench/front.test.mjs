/**
 * Calls reach the person, whatever becomes of the window that is in front: its extension host stands
 * still or is killed, it is reloaded, or something else is before it. `ROUNDS=10` does each ten times.
 */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { ROUNDS, steps, Workbench } from "./workbench.mjs";

/** Another window that did not hear of it would have called by then, in milliseconds. */
const ALL_TURNS_MS = 8_000;

describe("the window in front", () => {
  let server, bench, ada, grace, direct, front, behind;
  const step = steps(() => front);
  /** The process of each window's extension host. */
  const hosts = new Map();
  let sent = 0;
  let twice = 0;

  before(async () => {
    server = await ChatServer.create();
    ({ ada, grace, direct } = await server.adaAndGrace());
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    await open((window) => (behind = window));
    await behind.signIn(server.url, "ada", PASSWORD);
    await behind.online();
    await behind.showExplorer();
    await open((window) => (front = window));
    await front.showExplorer();
    await front.online();
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  async function open(take) {
    let window;
    const host = await bench.newHost(async () => take((window = await bench.open())));
    hosts.set(window, host);
  }

  async function reload(window) {
    hosts.set(window, await bench.newHost(() => window.page.reload()));
  }

  /** Grace writes, which has to be called out in one of these windows: that is in front from then on. */
  async function calls(...windows) {
    const text = `Message ${++sent}`;
    await server.send(grace, direct, text);
    const isShown = async (window) => (await window.notification(text).count()) > 0;
    await until(`A notification of ${text}`, async () => {
      for (const window of windows) {
        if (!(await isShown(window))) continue;
        [front, behind] = window === front ? [front, behind] : [behind, front];
        return true;
      }
    });
    if ((await Promise.all(windows.map(isShown))).every(Boolean) && windows.length > 1) twice++;
    // What has been read is called out no more, and what comes next calls by itself.
    const { number } = (await server.messages(grace, direct, 1)).at(-1);
    await server.command(ada, { type: "room.read", room: direct, number });
    return text;
  }

  const rounds = (name, run) =>
    step(`calls ${name} (rounds: ${ROUNDS})`, async (t) => {
      for (let round = 0; round < ROUNDS; round++) await run();
      t.diagnostic(`${sent} calls so far, ${twice} of them in both windows`);
    });

  step("calls in one window alone", async () => {
    const text = await calls(front, behind);
    await front.page.waitForTimeout(ALL_TURNS_MS);
    assert.equal(await behind.notification(text).count(), 0);
  });

  rounds("in another while its extension host stands still", async () => {
    const host = hosts.get(front);
    process.kill(host, "SIGSTOP");
    try {
      await calls(behind);
    } finally {
      process.kill(host, "SIGCONT");
    }
  });

  rounds("though its extension host is killed", async () => {
    const killed = front;
    process.kill(hosts.get(killed), "SIGKILL");
    await calls(front, behind);
    // The editor starts no fourth host within five minutes, unless the window begins anew.
    await reload(killed);
    await killed.online();
  });

  rounds("though it is being reloaded", async () => {
    const reloaded = front;
    await Promise.all([reload(reloaded), calls(front, behind)]);
    await reloaded.online();
  });

  rounds("though something else is before it", async () => {
    const other = await bench.context.newPage();
    await other.bringToFront();
    await calls(front, behind);
    await other.close();
  });

  rounds("when it is the only one, and is being reloaded", async () => {
    await behind.page.close();
    await Promise.all([reload(front), calls(front)]);
    await front.online();
    await open((window) => (behind = window));
    await behind.showExplorer();
    await behind.online();
  });

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
