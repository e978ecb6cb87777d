/** A person in a browser, and a PNG. */
import { deflateSync } from "node:zlib";
import { PASSWORD } from "./chat-server.mjs";

/** Opens the chat page in a browser of its own, signed in. */
export async function inBrowser(bench, server, username) {
  const context = await bench.newContext();
  const page = await context.newPage();
  await page.goto(`${server.url}/accounts/login/`);
  await logIn(page, username);
  await page.locator("mc-app .app").waitFor();
  return page;
}

/** Fills in the server's own form. */
export async function logIn(page, username) {
  await page.locator("input[name=login]").fill(username);
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.locator("input[name=password]").press("Enter");
}

/** The way to a direct room: Start Chat, a name. @param window an editor's */
export async function startChatWith(window, username) {
  const page = window.chat;
  await window.command("Media Chat: Start Chat");
  const search = page
    .locator("mc-start-chat input[type=search], mc-start-chat mc-people-search input")
    .first();
  await search.fill(username);
  await page.locator("mc-start-chat .found-entry", { hasText: `@${username}` }).click();
  await page.locator("mc-composer textarea").waitFor();
}

export async function say(page, text) {
  await page.locator("mc-composer textarea").fill(text);
  await page.locator("mc-composer textarea").press("Enter");
}

/** One starts a chat with grace, and both read what the other says. */
export async function chatWithGrace(window, grace, from, to) {
  const one = window.chat;
  await startChatWith(window, "grace");
  await say(one, from);
  await grace.locator(".room-entry", { hasText: "ada" }).click();
  await message(grace, from).waitFor();
  await say(grace, to);
  await message(one, to.replaceAll("*", "")).waitFor();
}

export const message = (page, text) => page.locator("mc-message", { hasText: text });

/** A PNG of one colour. */
export function picture(width, height, [red, green, blue]) {
  const row = Buffer.concat([
    Buffer.from([0]),
    Buffer.alloc(width * 3, Buffer.from([red, green, blue])),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const body = deflateSync(Buffer.concat(Array(height).fill(row)));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", body),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
