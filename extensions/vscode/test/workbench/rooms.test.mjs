/** Rooms in the tree, who is called for what, and what keys mean in the view. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { InputMethod } from "./input-method.mjs";
import { message } from "./people.mjs";
import { steps, Workbench } from "./workbench.mjs";

describe("rooms and notifications", () => {
  let server, bench, window, ada, grace, compilers, direct;
  const step = steps(() => window);

  before(async () => {
    server = await ChatServer.create();
    [ada, grace] = [await server.signUp("ada"), await server.signUp("grace")];
    compilers = await server.openRoom(grace, {
      kind: "private",
      name: "Compilers",
      members: ["ada"],
    });
    direct = await server.openRoom(grace, { kind: "direct", name: "", members: ["ada"] });
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    window = await bench.open();
    await window.signIn(server.url, "ada", PASSWORD);
    await window.chat.locator("mc-app .app").waitFor();
    await window.showRooms();
  });

  after(async () => {
    await bench?.end();
    await server?.end();
  });

  const label = (text) => window.row(text).getAttribute("aria-label");
  const unreadIn = (text, unread) =>
    until(
      `${unread} unread in ${text}`,
      async () =>
        (await label(text)).replace(/(, muted)?(, here)?$/, "") ===
        (unread ? `${text}: ${unread} unread` : text),
    );
  const badge = async () =>
    (await window.badge.count()) && (await window.badge.isVisible())
      ? window.badge.innerText()
      : "";
  const readUpTo = async (room) => (await server.rooms(ada)).find(({ id }) => id === room).read;
  /** Whoever was to be called would have been by then: the message itself is here already. */
  const aMoment = () => window.page.waitForTimeout(1200);

  const names = () => window.page.locator(".sidebar .monaco-list-row .label-name").allInnerTexts();

  step("lists rooms, and people from their first message on, for which it calls", async () => {
    await window.row("Compilers").waitFor();
    assert.deepEqual(await names(), ["Compilers"]);
    await server.send(grace, direct, "May I ask you something?");
    await window.notification("grace: May I ask you something?").waitFor();
    await unreadIn("grace", 1);
    await window.chooseInMenuOf(window.row("grace"), "Mark Room as Read");
    await unreadIn("grace", 0);
    assert.deepEqual(await names(), ["Compilers", "grace"]);
    await window.command("Notifications: Clear All Notifications");
  });

  step(
    "counts what is unread in the tree, on the icon and in the status bar, and calls nobody for it",
    async () => {
      await server.send(grace, compilers, "An ordinary message");
      await server.send(grace, compilers, "And another");
      await unreadIn("Compilers", 2);
      await until("The badge", async () => (await badge()) === "2");
      await window.statusBar.filter({ hasText: "2" }).waitFor();
      await aMoment();
      assert.deepEqual(await window.notifications(), []);
      await window.screenshot("rooms");
    },
  );

  step("calls for a mention in a room, by who and where", async () => {
    await server.send(
      grace,
      compilers,
      "Can you look, @ada? [here](command:workbench.action.terminal.new)",
    );
    const called = window.notification("grace in Compilers: Can you look, @ada?");
    await called.waitFor();
    // What somebody writes is no link of the editor's.
    const links = await called.locator(".notification-list-item-message a").allInnerTexts();
    assert.deepEqual(links, ["Open", "Mute Room"]);
    await unreadIn("Compilers", 3);
  });

  step(
    "joins what calls in a room, and takes it away when the room is read, here or on another device",
    async () => {
      const called = window.notification("grace: ");
      for (let number = 1; number <= 5; number++)
        await server.send(grace, direct, `Question ${number}`);
      await window.notification("grace: 5 messages").waitFor();
      await server.send(grace, direct, "Question 6");
      await window.notification("grace: 6 messages. ").filter({ hasText: "Question 6" }).waitFor();
      await until(
        "One notification",
        async () =>
          (await window.page.locator(".notification-toast", { hasText: "grace: " }).count()) === 1,
      );
      await window.screenshot("joined-calls");
      // It says what is left: of what was read on another device, edited or deleted since.
      const [fourth, , last] = (await server.messages(ada, direct)).slice(-3);
      await server.command(ada, { type: "room.read", room: direct, number: fourth.number - 1 });
      await window.notification("grace: 3 messages. ").filter({ hasText: "Question 6" }).waitFor();
      await server.command(grace, {
        type: "message.edit",
        message: last.id,
        body: "Question seven [here](command:x)",
      });
      const edited = window
        .notification("grace: 3 messages. ")
        .filter({ hasText: "Question seven" });
      await edited.waitFor();
      assert.deepEqual(await edited.locator(".notification-list-item-message a").allInnerTexts(), [
        "Open",
        "Mute Room",
      ]);
      await server.command(grace, { type: "message.delete", message: last.id });
      await window.notification("grace: 2 messages. ").filter({ hasText: "Question 5" }).waitFor();
      await server.command(ada, { type: "room.read", room: direct, number: last.number });
      await called.waitFor({ state: "detached" });
      assert.equal((await window.notifications()).length, 1, "the other room's went, too");
    },
  );

  step("marks a room as read from its menu, on the server too", async () => {
    await window.chooseInMenuOf(window.row("Compilers"), "Mark Room as Read");
    await unreadIn("Compilers", 0);
    await window.notification("grace in Compilers").waitFor({ state: "detached" });
    await until("No badge", async () => (await badge()) === "");
    await until("The server's count", async () => (await readUpTo(compilers)) === 3);
  });

  step("mutes a room from its menu: no call, no count, but not forgotten", async () => {
    await window.chooseInMenuOf(window.row("Compilers"), "Mute Room");
    await window.row("Compilers").filter({ hasText: "muted" }).waitFor();
    assert.equal(await label("Compilers"), "Compilers, muted");
    await window.command("Notifications: Clear All Notifications");
    await server.send(grace, compilers, "Are you there, @ada?");
    await unreadIn("Compilers", 1);
    await aMoment();
    assert.deepEqual(await window.notifications(), []);
    assert.equal(await badge(), "");
  });

  step("unmutes it again", async () => {
    await window.chooseInMenuOf(window.row("Compilers"), "Unmute Room");
    await window.row("Compilers").filter({ hasNotText: "muted" }).waitFor();
    await until("The badge", async () => (await badge()) === "1");
    await server.send(grace, compilers, "Now then, @ada");
    await window.notification("Now then, @ada").waitFor();
  });

  step("mutes from the notification itself", async () => {
    const toast = window.page.locator(".notification-toast", { hasText: "Now then" });
    await toast.hover();
    await toast.getByRole("link", { name: "Mute Room" }).click();
    await toast.waitFor({ state: "detached" });
    await window.row("Compilers").filter({ hasText: "muted" }).waitFor();
  });

  step("is quiet altogether while it is not to disturb, and counts on", async () => {
    await window.command("Media Chat: Do Not Disturb");
    await window.statusBar.locator(".codicon-bell-slash").waitFor();
    await server.send(grace, direct, "Shh");
    await unreadIn("grace", 1);
    await window.statusBar.filter({ hasText: "1" }).waitFor();
    await aMoment();
    assert.deepEqual(await window.notifications(), []);
    await window.command("Media Chat: Allow Notifications Again");
    await window.statusBar.locator(".codicon-bell-slash").waitFor({ state: "detached" });
    await server.send(grace, direct, "Hello?");
    await window.notification("grace: Hello?").waitFor();
  });

  step("opens a room from the tree, and there it is not called for", async () => {
    await window.row("grace").click();
    await window.chat.locator("mc-message", { hasText: "Hello?" }).waitFor();
    await window.chat.locator("mc-composer textarea").click();
    await unreadIn("grace", 0);
    await window.command("Notifications: Clear All Notifications");
    await window.chat.locator("mc-composer textarea").click();
    await server.send(grace, direct, "You see this");
    await window.chat.locator("mc-message", { hasText: "You see this" }).waitFor();
    await aMoment();
    assert.deepEqual(await window.notifications(), []);
  });

  step("shows the chat when its item in the status bar is chosen", async () => {
    await window.showExplorer();
    await window.statusBar.click();
    await window.chat.locator("mc-composer textarea").waitFor();
  });

  step("opens a room that is picked by its name", async () => {
    await window.command("Media Chat: Open Room");
    await window.pick("Compilers");
    await window.chat.locator("mc-room-header", { hasText: "Compilers" }).waitFor();
    await window.chat.locator("mc-message", { hasText: "Can you look" }).waitFor();
  });

  step(
    "says once that the server is away, in the page or else in the tree, and sorts what is picked from",
    async () => {
      const { page, chat } = window;
      await chat.getByRole("button", { name: "Back to the rooms" }).click();
      await server.kill();
      const inPage = chat.locator(".connection-line", { hasText: "The server is not reached." });
      const inTree = page.locator(".sidebar .tree-explorer-viewlet-tree-view .message", {
        hasText: "does not reach",
      });
      await inPage.waitFor();
      await window.statusBar.locator(".codicon-debug-disconnect").waitFor();
      // Where the tree alone is in sight it says so, and where the page is again, that does.
      const header = page.locator('.pane-header[aria-label^="Chat"]');
      await header.click();
      await inTree.waitFor();
      await window.screenshot("rooms-away");
      await header.click();
      await inPage.waitFor();
      await inTree.waitFor({ state: "hidden" });
      await window.screenshot("page-away");
      await window.showExplorer();
      await window.openFile("notes.md");
      await page.locator(".monaco-editor .view-line").first().click();
      await page.keyboard.press("Control+A");
      await window.command("Media Chat: Share Selection");
      const rows = page.locator(".quick-input-list .monaco-list-row");
      await rows.filter({ hasText: "Compilers" }).waitFor();
      const recent = rows.first();
      assert.match(await recent.innerText(), /Compilers/);
      assert.match(await recent.innerText(), /Recent/);
      await window.screenshot("pick");
      await page.keyboard.press("Escape");
      await server.start();
      await window.statusBar
        .locator(".codicon-debug-disconnect")
        .waitFor({ state: "detached", timeout: 60_000 });
      await window.showChat();
      await inTree.waitFor({ state: "hidden" });
      await window.command("Media Chat: Open Room");
      await window.pick("Compilers");
      await window.chat.locator("mc-room-header", { hasText: "Compilers" }).waitFor();
      await window.command("Media Chat: Open Room");
      await rows.filter({ hasText: "grace" }).waitFor();
      assert.match(await rows.first().innerText(), /Compilers[^]*In Sight/);
      await page.keyboard.press("Escape");
    },
  );

  step("calls once for what was missed in a long absence, and says how much that is", async () => {
    await window.showExplorer();
    await server.kill();
    await window.statusBar.locator(".codicon-debug-disconnect").waitFor();
    // More than the server tells of an absence, written while it is not there for this window.
    server.shell(`
from uuid import UUID
from accounts.models import User
from chat.actions.messages import send_messages
from tests.support.drafts import draft_of
grace = User.objects.get(username="grace")
for begin in range(0, 240, 40):
    send_messages([draft_of(grace, UUID("${direct}"), f"Missed {n}") for n in range(begin + 1, begin + 41)])
`);
    await server.start();
    await window.notification("grace: 240 messages. ").filter({ hasText: "Missed 240" }).waitFor();
    await until("The one notification", async () => (await window.notifications()).length === 1);
    await window.screenshot("called-after-absence");
    const { number } = (await server.rooms(ada)).find(({ id }) => id === direct);
    await server.command(ada, { type: "room.read", room: direct, number });
    await window.notification("240 messages").waitFor({ state: "detached" });
    await window.showChat();
  });

  const composer = () => window.chat.locator("mc-composer textarea");
  const header = (text) => window.chat.locator("mc-room-header", { hasText: text }).waitFor();
  const hasFocus = (locator) =>
    locator.evaluate(
      (element) =>
        element.ownerDocument.hasFocus() && element === element.ownerDocument.activeElement,
    );
  /** What the editor may show when a key was meant for it. */
  const palette = () => window.page.locator(".quick-input-widget:visible");
  const sent = async (room) => (await server.messages(grace, room)).map(({ body }) => body);

  step("turns nothing around for a name that is written from right to left", async () => {
    const name = "חדר 3";
    const isolated = `\u2068${name}\u2069`;
    const room = await server.openRoom(grace, { kind: "private", name, members: ["ada"] });
    await server.send(grace, room, "שלום, world!");
    await unreadIn(isolated, 1);
    await window.command("Media Chat: Open Room");
    const row = window.page.locator(".quick-input-list .monaco-list-row", { hasText: name });
    assert.match(await row.innerText(), new RegExp(`${isolated}\\s*1 unread`));
    await window.pick(name);
    await header(name);
    assert.equal(await window.chat.locator("mc-room-header h2 bdi").innerText(), name);
    const direction = (locator) =>
      locator.evaluate((element) => getComputedStyle(element).direction);
    assert.equal(await direction(message(window.chat, "שלום").locator(".message-body p")), "rtl");
    await composer().fill("תשובה, yes.");
    assert.equal(await direction(composer()), "rtl");
    await composer().fill("yes, תשובה.");
    assert.equal(await direction(composer()), "ltr");
    await composer().fill("");
    await window.screenshot("right-to-left");
  });

  step(
    "leaves the keys of an input method to it: nothing is sent, and the editor does not act either",
    async () => {
      await window.command("Media Chat: Open Room");
      await window.pick("Compilers");
      await header("Compilers");
      await server.send(grace, direct, "Look here");
      const toast = window.page.locator(".notification-toast", { hasText: "Look here" });
      await toast.waitFor();
      const before = await sent(compilers);
      await composer().click();
      const ime = await InputMethod.on(window.page);
      await ime.begin("にほん");
      for (const key of ["Process", "Enter", "Escape", "ArrowUp", "Tab"]) await ime.press(key);
      for (const [key, code] of [
        ["Enter", 13],
        ["Escape", 27],
        ["F1", 112],
      ])
        await ime.press(key, code);
      await ime.confirm("日本");
      assert.equal(await composer().inputValue(), "日本");
      assert.ok(await hasFocus(composer()));
      assert.equal(await palette().count(), 0);
      assert.ok(await toast.isVisible(), "Escape was the editor's");
      assert.deepEqual(await sent(compilers), before);

      // Afterwards keys mean what they did, to both.
      await window.page.keyboard.press("Escape");
      await toast.waitFor({ state: "detached" });
      await window.page.keyboard.press("F1");
      await palette().waitFor();
      await window.page.keyboard.press("Escape");
      await composer().press("Enter");
      await message(window.chat, "日本").waitFor();
      await until("The message", async () => (await sent(compilers)).at(-1) === "日本");
    },
  );

  step("undoes what was inserted, and what was typed before", async () => {
    const value = () => composer().inputValue();
    const press = async (key, wanted) => {
      // One undo may take back a word or a letter.
      for (let left = 4; left > 0 && (await value()) !== wanted; left--) {
        const before = await value();
        await window.page.keyboard.press(key);
        await until(key, async () => (await value()) !== before);
      }
      assert.equal(await value(), wanted);
    };
    await composer().pressSequentially("hi @gra");
    await window.chat.locator(".mention-option").waitFor();
    await window.page.keyboard.press("Enter");
    assert.equal(await value(), "hi @grace ");
    await window.chat.getByRole("button", { name: "Insert an emoji" }).click();
    await window.chat.locator(".emoji-choice").first().click();
    await until("The emoji", async () => (await value()).length > "hi @grace ".length);
    const whole = await value();
    await press("Control+z", "hi @grace ");
    await press("Control+z", "hi @gra");
    await press("Control+z", "");
    await press("Control+Shift+z", whole);
    await composer().fill("");
  });

  step(
    "has the page's keys in the editor: the list of them, the composer, rooms, and what is unread",
    async () => {
      const { keyboard } = window.page;
      await window.openFile("notes.md");
      await window.page.locator(".monaco-editor .view-line").first().click();
      await window.chat.locator(".messages").focus();
      await keyboard.press("?");
      const list = window.chat.getByRole("dialog", { name: "Keyboard shortcuts" });
      await list.waitFor();
      await window.screenshot("shortcuts");
      await keyboard.press("Escape");
      await list.waitFor({ state: "detached" });

      await window.chat.locator(".messages").focus();
      await keyboard.press("Alt+Shift+M");
      await until("The composer", () => hasFocus(composer()));
      await keyboard.press("?");
      assert.equal(await composer().inputValue(), "?");
      await composer().fill("");

      // Over a room that has nothing unread, and back.
      await unreadIn("grace", 1);
      await keyboard.press("Alt+Shift+ArrowDown");
      await header("grace");
      await until("The composer", () => hasFocus(composer()));
      await unreadIn("grace", 0);
      await keyboard.press("Alt+ArrowUp");
      await header("חדר 3");
      await server.send(grace, compilers, "Unread again");
      await unreadIn("Compilers", 1);
      await keyboard.press("Alt+Shift+ArrowUp");
      await header("Compilers");

      assert.equal(await palette().count(), 0);
      assert.equal(
        await window.page.locator(".tab.dirty").count(),
        0,
        "the keys changed the file beside",
      );
      assert.equal(bench.read("notes.md").toString(), "# Notes\n");
      assert.ok(await hasFocus(composer()), "the menu bar has the focus");
    },
  );

  step(
    "says who removed the person from which room: in the page, or where that is not in sight",
    async () => {
      await window.command("Notifications: Clear All Notifications");
      await composer().click();
      await server.command(grace, { type: "room.remove", room: compilers, member: "ada" });
      await window.chat
        .locator("mc-notices, mc-app", { hasText: "grace removed you from Compilers." })
        .first()
        .waitFor();
      await window.row("Compilers").waitFor({ state: "detached" });
      await aMoment();
      assert.deepEqual(await window.notifications(), []);

      await server.command(grace, { type: "room.add", room: compilers, members: ["ada"] });
      await window.row("Compilers").waitFor();
      await window.showExplorer();
      await server.command(grace, { type: "room.remove", room: compilers, member: "ada" });
      await window.notification("grace removed you from Compilers.").waitFor();
      await window.screenshot("removed");
    },
  );

  step("has caused no exception on the server", () => {
    assert.doesNotMatch(server.log, /Traceback/);
  });
});
