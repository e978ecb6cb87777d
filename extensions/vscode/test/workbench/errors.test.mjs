/** What goes wrong on the way to a server: each has its own message, which says what to do. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, describe } from "node:test";
import { ChatServer, freePort, PASSWORD, until } from "./chat-server.mjs";
import { Authority, tlsBefore } from "./tls.mjs";
import { steps, Workbench } from "./workbench.mjs";

describe("what goes wrong on the way to a server", () => {
  let server, stranger, authority, bench, window;
  const strangersAsked = [];
  const ends = [];
  const step = steps(() => window);

  before(async () => {
    authority = new Authority();
    // As an administrator would make the machine trust it. The patched `fetch` reads only the
    // system's own store, which is not a test's to change; the plain one reads this.
    process.env.NODE_EXTRA_CA_CERTS = authority.file;
    server = await ChatServer.create({ settings: { ALLOWED_HOSTS: "localhost,127.0.0.1" } });
    await server.signUp("ada");
    stranger = createServer((request, response) => {
      strangersAsked.push(`${request.method} ${request.url}`);
      response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>It works!</h1>");
    }).listen(0, "127.0.0.1");
    await once(stranger, "listening");
    bench = await Workbench.create({
      settings: { "http.fetchAdditionalSupport": false, "mediaChat.serverUrl": server.url },
    });
    bench.write(
      ".vscode/settings.json",
      JSON.stringify({
        "mediaChat.serverUrl": `http://127.0.0.1:${stranger.address().port}`,
        "editor.tabSize": 7,
      }),
    );
    window = await bench.open();
    await window.showChat();
  });

  after(async () => {
    await bench?.end();
    for (const end of ends) end();
    stranger?.close();
    await server?.end();
    rmSync(authority.folder, { recursive: true, force: true });
  });

  const problem = () => window.chat.locator("#problem");

  /** Tries to sign in there, and gives what the form says. */
  async function told(address) {
    await window.signIn(address, "ada", PASSWORD);
    await until(
      "An answer",
      async () =>
        (await problem().innerText()) !== "" && (await window.chat.locator("#browser").isEnabled()),
    );
    const field = window.chat.locator("input[name=server]");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.ok(
      await field.evaluate((input) => input === document.activeElement),
      "the address has not the focus",
    );
    return problem().innerText();
  }

  async function tls(certificate) {
    const { port, close } = await tlsBefore(server, certificate);
    ends.push(close);
    return `https://localhost:${port}`;
  }

  const seen = new Map();
  const expects = (name, address, says) =>
    step(name, async () => {
      const text = await told(await address());
      assert.match(text, says);
      assert.ok(!seen.has(text), `${seen.get(text)} says the same`);
      seen.set(text, name);
    });

  step("takes the server from the machine's settings, whatever the workspace says", async () => {
    assert.equal(await window.chat.locator("input[name=server]").inputValue(), server.url);
    assert.deepEqual(strangersAsked, []);
  });

  expects(
    "an address that is none",
    () => "chat example",
    /“chat example” is not an address.*Write it like https/,
  );
  expects("an address of something else", () => "ftp://chat.example", /has to begin with https/);
  expects(
    "a name that nobody has",
    () => "https://no-such-host.invalid",
    /There is no server at no-such-host.invalid.*typing errors/,
  );
  expects(
    "a server that is down",
    async () => `http://127.0.0.1:${await freePort()}`,
    /does not answer.*may be down/,
  );
  expects(
    "a server that is no Media Chat",
    () => `http://127.0.0.1:${stranger.address().port}`,
    /it is not Media Chat.*mediaChat.serverUrl/,
  );
  expects(
    "an expired certificate",
    () => tls(authority.certificate("localhost", -1)),
    /has expired.*renew/,
  );
  expects(
    "a certificate for another name",
    () => tls(authority.certificate("elsewhere.example")),
    /is for another name.*Check the address/,
  );
  expects(
    "a certificate that nobody signed",
    () => tls(authority.selfSigned("localhost")),
    /is not trusted.*authority/,
  );
  expects(
    "https:// where the server speaks http",
    () => server.url.replace("http:", "https:"),
    /does not speak HTTPS.*http:\/\//,
  );

  step("says the same before a browser is opened, and opens none", async () => {
    const pages = bench.context.pages().length;
    await window.chat
      .locator("input[name=server]")
      .fill(`http://127.0.0.1:${stranger.address().port}`);
    await window.chat.locator("#browser").click();
    await problem().filter({ hasText: "it is not Media Chat" }).waitFor();
    assert.equal(await window.page.locator(".monaco-dialog-box").count(), 0);
    assert.equal(bench.context.pages().length, pages);
  });

  step(
    "asks before anything travels unencrypted, and sends nothing until it was allowed",
    async () => {
      await window.signIn("http://chat.example", "ada", PASSWORD);
      const dialog = window.page.locator(".monaco-dialog-box", {
        hasText: "chat.example is not encrypted",
      });
      await dialog.waitFor();
      await window.screenshot("unencrypted");
      await dialog.locator(".monaco-button", { hasText: "Cancel" }).click();
      await until("The form", () => window.chat.locator("#browser").isEnabled());
      assert.equal(await problem().innerText(), "");
    },
  );

  step(
    "signs in over TLS with a certificate that the machine trusts, and chats through it",
    async () => {
      const address = await tls(authority.certificate("localhost"));
      await window.signIn(address, "ada", PASSWORD);
      await window.chat.locator("mc-app .app").waitFor();
      await window.online();
      assert.equal(await window.chat.locator(".connection-line").count(), 0);
    },
  );
});
