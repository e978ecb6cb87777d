/**
 * People with the real client library, for a test in another language: one command a line in, one
 * answer a line out. `node clients.mjs SERVER PASSWORD`.
 */
import { createInterface } from "node:readline";

import { ChatClient, WebSocketTransport } from "../../static/chat/client.js";
import { signIn } from "../../static/chat/client/connection/sign-in.js";

const [, , server, password] = process.argv;
/** @type {Record<string, {client: ChatClient, restored: number, mentions: number[]}>} */
const people = {};

const commands = {
  /** Comes, by default under this name, and looks at a room. */
  async join({ who, room, username = who }) {
    const sessionToken = await signIn(server, username, password);
    const client = new ChatClient({
      transport: new WebSocketTransport({ server, sessionToken }),
      storage: null,
    });
    people[who] = { client, restored: 0, mentions: [] };
    client.addEventListener("restored", () => (people[who].restored += 1));
    client.addEventListener("mention", ({ detail }) =>
      people[who].mentions.push(detail.message.number),
    );
    await client.connect();
    await client.feed(room).open();
  },
  /** Goes away, and keeps what is on the screen. */
  async leave({ who }) {
    people[who].client.disconnect();
  },
  async come({ who }) {
    await people[who].client.connect();
  },
  async write({ who, room, body }) {
    people[who].client.sendMessage(room, { body });
  },
  /** Wants a room among the favourites, or not: the server is told when there is a connection. */
  async favorite({ who, room, on }) {
    people[who].client.setFavorite(room, on).catch(({ code }) => code);
  },
  /** The rooms that show as favourites. */
  async favorites({ who }) {
    const rooms = [...people[who].client.rooms.values()];
    return rooms.filter(({ favorite }) => favorite).map(({ id }) => id);
  },
  /** What is on the screen. */
  async show({ who, room }) {
    const { client, restored, mentions } = people[who];
    const feed = client.feed(room);
    return {
      state: client.state,
      epoch: client.epoch,
      unsent: client.unsent.length,
      loading: feed.loading,
      messages: feed.messages.map(({ id, number, body }) => [id, number, body]),
      read: client.rooms.get(room)?.read,
      restored,
      mentions,
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: (await commands[command](given)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
process.exit(0);
