/** Room, draft and the place one reads at, whatever becomes of the view. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { STATE, VIEW } from "./window.mjs";
import { steps, Workbench } from "./workbench.mjs";

const MESSAGES = 120;
const DRAFT = "not sent yet";

describe("a view that goes and comes back", () => {
  let server, bench, window, place;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    const ada = await server.signUp("ada");
    const grace = await server.signUp("grace");
    const room = await server.openRoom(grace, {
      kind: "private",
      name: "Compilers",
      members: ["ada"],
    });
    await server.openRoom(grace, { kind: "private", name: "Another", members: ["ada"] });
    for (let number = 1; number <= MESSAGES; number++)
      await server.send(grace, room, `Message ${number}`);
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    window = await bench.open();
    await window.signIn(server.url, "ada", PASSWORD);
    await window.openRoom("Compilers");
    await window.chat.locator("mc-message").first().waitFor();
    // It opens at the first unread message; the others stay unread until somebody has seen them.
    await window.chat.getByRole("button", { name: "Mark as read" }).click();
    await until("The room's last message", async () => {
      // The button marks all as read before the last page is here.
      const isAtEnd = await window.chat.locator(".messages").evaluate((list, number) => {
        list.scrollTop = list.scrollHeight;
        return list.querySelector(`mc-message[data-number="${number}"]`) !== null;
      }, MESSAGES);
      return isAtEnd && (await server.rooms(ada)).find(({ id }) => id === room).read === MESSAGES;
    });
    await window.chat.locator("mc-composer textarea").fill(DRAFT);
    // Far enough from both ends that chance would not lead there.
    await until("The middle", async () => {
      await window.chat.locator(".messages").evaluate((list) => (list.scrollTop -= 400));
      await window.page.waitForTimeout(100);
      return (await first()) < 80;
    });
    await placeIsStored();
    assert.ok(place > 20 && place < 100, `${place}`);
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  /** The number of the first message that can be seen. */
  const first = () =>
    window.chat.locator(".messages").evaluate((list) => {
      const top = list.getBoundingClientRect().top;
      const seen = [...list.querySelectorAll("mc-message")].find(
        (each) => each.getBoundingClientRect().bottom > top + 1,
      );
      return Number(seen?.dataset.number ?? 0);
    });

  /** Waits until the place is stored, a moment after the last movement. */
  const placeIsStored = () =>
    until("The place, stored,", async () => {
      const [, number] = (await window.stored())[STATE].match(/mediachat\.place.*?number\W+(\d+)/);
      place = await first();
      return Math.abs(number - place) <= 1;
    });

  async function isAsItWas() {
    await window.chat.locator("mc-room-header", { hasText: "Compilers" }).waitFor();
    const textarea = window.chat.locator("mc-composer textarea");
    await until("The draft", async () => (await textarea.inputValue()) === DRAFT);
    // By the message alone: where the view is wider, lines break elsewhere.
    await until(
      `Message ${place}, not ${await first()}`,
      async () => Math.abs((await first()) - place) <= 1,
    );
    // And it stays there when all has come.
    await window.page.waitForTimeout(700);
    assert.ok(Math.abs((await first()) - place) <= 1, `it went to ${await first()}`);
  }

  /** Moves the chat's view by the editor's own command. @param {(at: {x: number, y: number}) => boolean} isThere */
  const moveTo = async (where, isThere) => {
    await window.command("View: Move View");
    await window.pick(/^\s*Chat/);
    await window.pick(where);
    const frame = window.page.locator(`${VIEW} >> visible=true`);
    await until("The view at its new place", async () => isThere(await frame.boundingBox()));
  };

  step("is as it was after another view was in front", async () => {
    await window.showExplorer();
    await window.page.locator(`${VIEW} >> visible=true`).waitFor({ state: "detached" });
    await window.showChat();
    await isAsItWas();
  });

  step("is as it was after its section was folded up", async () => {
    const header = window.page.locator('.pane-header[aria-label^="Chat"]');
    await header.click();
    await window.page.locator(`${VIEW} >> visible=true`).waitFor({ state: "detached" });
    await header.click();
    await isAsItWas();
  });

  step("is as it was when moved into the panel", async () => {
    await moveTo("New Panel Entry", ({ x, y }) => x > 300 && y > 450);
    await isAsItWas();
    await window.screenshot("panel");
  });

  step("is as it was when moved into the secondary side bar", async () => {
    await moveTo("New Secondary Side Bar Entry", ({ x, y }) => x > 800 && y < 200);
    await isAsItWas();
    await window.screenshot("secondary-side-bar");
  });

  step(
    "is as it was after the window was reloaded, and after it was closed and opened",
    async () => {
      const bar = (id) => id.startsWith("workbench.views.service.auxiliarybar");
      await window.hasStored("workbench.auxiliarybar.activepanelid", bar);
      await window.hasStored("workbench.auxiliaryBar.hidden", (isHidden) => isHidden === "false");
      await window.page.reload();
      await window.page.locator(".monaco-workbench .activitybar").waitFor();
      await isAsItWas();
      // A page that comes while one writes elsewhere leaves the keys there.
      const composer = window.chat.locator("mc-composer textarea");
      assert.equal(await composer.evaluate((field) => field === document.activeElement), false);
      await window.page.close();
      window = await bench.open();
      await isAsItWas();
    },
  );

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
