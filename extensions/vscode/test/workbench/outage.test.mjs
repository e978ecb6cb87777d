/** The server's database is away for a while, under somebody who writes, opens rooms and uploads. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ChatServer, PASSWORD, until } from "./chat-server.mjs";
import { message, say } from "./people.mjs";
import { PostgreSQL } from "./postgresql.mjs";
import { steps, Workbench } from "./workbench.mjs";

/** A message that another client of this person has not had acknowledged is adopted after 30 s. */
const ADOPTED_AFTER = 30;

describe("a database that is away", () => {
  let database, server, bench, window, people;
  const later = {};
  const step = steps(() => window);
  const outages = [3, 10, 40];

  before(async () => {
    database = await PostgreSQL.create();
    server = await ChatServer.create({ settings: { DATABASE_URL: database.url } });
    people = await server.adaAndGrace();
    await server.send(people.grace, people.direct, "Hello");
    for (const seconds of outages) {
      later[seconds] = await server.openRoom(people.ada, {
        kind: "private",
        name: `Opened after ${seconds}`,
        members: [],
      });
    }
    bench = await Workbench.create({ settings: { "mediaChat.serverUrl": server.url } });
    window = await bench.open();
    await window.signInToRoomWith(server.url, "ada", PASSWORD, "grace");
    await message(window.chat, "Hello").waitFor();
  });

  after(async () => {
    await bench?.end();
    await server?.end();
    await database?.end();
  });

  const open = async (name) => {
    await window.openRoom(name);
    await window.chat.getByRole("textbox", { name: `Message ${name}`, exact: true }).waitFor();
  };

  for (const seconds of outages) {
    step(`costs nothing but time, after ${seconds} s`, async () => {
      const { chat } = window;
      const began = Date.now();
      const texts = [`${seconds}: first`, `${seconds}: second`, `${seconds}: third`];
      await database.kill();
      await say(chat, texts[0]);
      await say(chat, texts[1]);
      const waits = (text) => message(chat, text).locator(".message-waiting");
      await waits(texts[0])
        .filter({ hasText: "The server has a problem; it is tried again by itself." })
        .waitFor();
      await waits(texts[1]).filter({ hasText: "It follows the message above." }).waitFor();
      await window.screenshot(`outage-${seconds}-room`);

      await open(`Opened after ${seconds}`);
      const file = { name: `${seconds}.txt`, mimeType: "text/plain", buffer: Buffer.from("x") };
      await chat.locator(".composer-file").setInputFiles([file]);
      await chat.locator(".upload-wait").waitFor();
      await say(chat, `${seconds}: with a file`);
      await chat
        .locator(".message-waiting", { hasText: "as soon as the files are uploaded" })
        .waitFor();
      await window.screenshot(`outage-${seconds}-opened`);
      await open("grace");
      await say(chat, texts[2]);
      if (seconds > ADOPTED_AFTER) {
        await window.statusBar.locator('[aria-label*="has a problem"]').first().waitFor();
      }
      await window.page.waitForTimeout(Math.max(0, seconds * 1000 - (Date.now() - began)));
      await database.start();

      for (const text of texts)
        await message(chat, text).and(chat.locator(":not(.is-unsent)")).waitFor();
      const stored = (await server.messages(people.ada, people.direct)).map(({ body }) => body);
      assert.deepEqual(
        stored.filter((body) => body.startsWith(`${seconds}:`)),
        texts,
      );
      const shown = await chat
        .locator("mc-message .message-body", { hasText: `${seconds}: ` })
        .allInnerTexts();
      assert.deepEqual(shown, texts);
      await until(
        "The message with its file",
        async () => {
          const [last] = await server.messages(people.ada, later[seconds]);
          return last?.body === `${seconds}: with a file` && last.attachments.length === 1;
        },
        70,
      );
      for (const state of [".message-waiting", ".message-failed", ".connection-line"]) {
        await until(`No ${state}`, async () => (await chat.locator(state).count()) === 0);
      }
      await until(
        "The status bar",
        async () => !/problem/.test(await window.statusBar.innerHTML()),
      );
    });
  }
});
