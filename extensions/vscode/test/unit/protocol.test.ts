import assert from "node:assert/strict";
import { test } from "node:test";
import { readCode, readFromPage } from "../../src/bridge/protocol.js";

const send = (command: unknown) => ({ bridge: "send", id: 1, text: JSON.stringify(command) });
const code = { path: "src/a.py", start_line: 1, end_line: 2, text: "a\nb" };

for (const message of [
  { bridge: "open", id: 1 },
  send({ type: "message.send", room: "r", body: "hello" }),
  send({ type: "room.unread", rooms: ["r"] }),
  send({ type: "room.put_away", room: "r" }),
  send({ type: "person.block", username: "u" }),
  send({ type: "room.accept", room: "r" }),
  { bridge: "upload", id: 2, name: "a.png", type: "image/png", bytes: new ArrayBuffer(3) },
  { type: "store", key: "mediachat.draft.u.r", value: "{}" },
  { type: "store", key: "mediachat.draft.u.r", value: null },
  { type: "media", id: 1, path: "/media/0b2f/thumbnail" },
  { type: "save", path: "/media/0b2f/a%20b.txt", name: "a b.txt" },
  { type: "open-code", code },
  { type: "started" },
]) {
  test(`${JSON.stringify(message)} is taken`, () => assert.notEqual(readFromPage(message), null));
}

for (const message of [
  null,
  "started",
  [],
  {},
  { type: "command", command: "workbench.action.terminal.new" },
  { type: "started", token: true },
  { type: "get-token" },
  { bridge: "open", id: -1 },
  { bridge: "open", id: "1" },
  { bridge: "open", id: 1, type: "sign-in" },
  send({ type: "auth.token" }),
  send({ type: "toString" }),
  send("message.send"),
  { bridge: "send", id: 1, text: "not JSON" },
  { bridge: "send", id: 1, text: "x".repeat(70_000) },
  { bridge: "upload", id: 1, name: "a", type: "", bytes: "file:///etc/passwd" },
  { bridge: "upload", id: 1, name: "a", type: "", path: "/etc/passwd" },
  { type: "store", key: "mediaChat.account", value: "x" },
  { type: "store", key: "__proto__", value: "x" },
  { type: "store", key: "mediachat.x", value: "x".repeat(300_000) },
  { type: "media", id: 1, path: "https://evil.example/media/1/x" },
  { type: "media", id: 1, path: "//evil.example/media/1/x" },
  { type: "media", id: 1, path: "/media/../api/v1/rooms" },
  { type: "media", id: 1, path: "/media/%2e%2e/%2e%2e/admin/" },
  { type: "media", id: 1, path: "/media/..%2f..%2fadmin" },
  { type: "media", id: 1, path: "/api/v1/rooms" },
  { type: "media", id: 1, path: "/media/1/x?key=1#y" },
  { type: "save", path: "file:///etc/passwd", name: "x" },
  { type: "open-code", code: { ...code, path: "/etc/passwd" } },
  { type: "open-code", code: { ...code, path: "../../.ssh/id_rsa" } },
  { type: "open-code", code: { ...code, path: "..\\x" } },
  { type: "open-code", code: { ...code, path: "a\\..\\../x" } },
  { type: "open-code", code: { ...code, path: "\\\\host\\x" } },
  { type: "open-code", code: { ...code, path: "file:///etc/passwd" } },
  { type: "open-code", code: { ...code, path: "C:/Windows/win.ini" } },
  { type: "open-code", code: { ...code, path: "c:win.ini" } },
  { type: "open-code", code: { ...code, commit: "--upload-pack=touch x" } },
  { type: "open-code", code: { ...code, start_line: 0 } },
]) {
  test(`${JSON.stringify(message)?.slice(0, 90)} is refused`, () =>
    assert.equal(readFromPage(message), null));
}

test("code that the server takes can be opened", () => {
  for (const more of [
    { path: "src/a\\b.py" },
    { path: "src/a..b/..c" },
    { path: "12:30.log" },
    { path: "src:old/a.py" },
    { text: "😀".repeat(20_000) },
  ]) {
    assert.ok(
      readFromPage({ type: "open-code", code: { ...code, ...more } }),
      JSON.stringify(more).slice(0, 60),
    );
  }
});

test("code that ends before it begins is none", () => {
  assert.equal(readCode({ ...code, start_line: 3, end_line: 2 }), null);
});
