import assert from "node:assert/strict";
import { test } from "node:test";
import { placeAt } from "../../../../static/chat/page/host/room-address.js";

const ROOM = "0b9e4a4e-4a55-4c6e-8a3c-0f2f6a1b7c9d";

test("an address of this chat names a room, and perhaps a message", () => {
  for (const home of [
    "https://chat.example/",
    "https://example.org/chat/",
    "http://127.0.0.1:8000/",
  ]) {
    assert.deepEqual(placeAt(`${home}rooms/${ROOM}`, home), { room: ROOM, number: null });
    assert.deepEqual(placeAt(`${home}rooms/${ROOM}/12`, home), { room: ROOM, number: 12 });
    assert.deepEqual(placeAt(`${home}rooms/${ROOM}/12/?from=mail#top`, home), {
      room: ROOM,
      number: 12,
    });
  }
});

test("an address of another chat or of something else names none", () => {
  const home = "https://example.org/chat/";
  for (const address of [
    `https://example.org/rooms/${ROOM}`,
    `https://example.org/chatter/rooms/${ROOM}`,
    `https://example.org.evil.example/chat/rooms/${ROOM}`,
    `http://example.org/chat/rooms/${ROOM}`,
    `${home}accounts/profile/`,
    `${home}rooms/${ROOM}/twelve`,
    `${home}rooms/all`,
    home,
  ]) {
    assert.equal(placeAt(address, home), null, address);
  }
});
