import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Accounts } from "../../src/account/account.js";
import type { BrowserSignIn } from "../../src/account/browser.js";
import { SignInForm } from "../../src/view/sign-in-form.js";
import { isPrivate, readAddress } from "../../src/server/address.js";
import { unreached } from "../../src/server/problem.js";
import { Server } from "../../src/server/server.js";
import { answerSecondFactor, askForLink, signIn } from "../../src/server/sign-in.js";
import { signInDocument } from "../../src/view/documents.js";
import type { ToPage } from "../../src/bridge/protocol.js";
import { said, settings } from "./vscode.js";

/** Runs with a server that answers so, and gives its address. */
async function against<T>(
  answer: RequestListener,
  run: (server: Server) => Promise<T>,
): Promise<T> {
  const http = createServer(answer);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    return await run(Server.at(`http://127.0.0.1:${(http.address() as AddressInfo).port}`));
  } finally {
    http.close();
  }
}

const json =
  (status: number, body: object, headers: object = {}): RequestListener =>
  (_request, response) =>
    void response
      .writeHead(status, { "Content-Type": "application/json", ...headers })
      .end(JSON.stringify(body));

for (const [what, status, body, code] of [
  [
    "a wrong password",
    400,
    { errors: [{ code: "username_password_mismatch", message: "…" }] },
    "wrong_password",
  ],
  ["too many attempts", 429, { status: 429 }, "too_many_attempts"],
  [
    "a suspended account",
    401,
    { data: { flows: [{ id: "login" }] }, meta: { is_authenticated: false } },
    "suspended",
  ],
  [
    "a step that is not known",
    401,
    { data: { flows: [{ id: "verify_email", is_pending: true }] }, meta: {} },
    "second_factor",
  ],
  ["a failing server", 500, {}, "server_error"],
  ["somebody else's server", 404, { error: "no" }, "not_media_chat"],
] as const) {
  test(`${what} has a message of its own`, () =>
    against(json(status, body), (server) =>
      assert.rejects(signIn(server, "ada", "x"), { name: "Problem", code }),
    ));
}

test("who has no second factor on a server that asks for one is told where to set it up", () =>
  against(
    json(401, {
      data: { flows: [{ id: "login" }, { id: "mfa_setup", is_pending: true }] },
      meta: { session_token: "t" },
    }),
    (server) =>
      assert.rejects(signIn(server, "ada", "x"), {
        code: "second_factor",
        message: /browser and set one up/,
      }),
  ));

test("a page instead of an answer is no Media Chat", () =>
  against(
    (_request, response) => void response.end("<html>Welcome to the network</html>"),
    (server) => assert.rejects(signIn(server, "ada", "x"), { code: "not_media_chat" }),
  ));

test("a server that is down is said to be down", async () => {
  const server = await against(json(200, {}), (running) => Promise.resolve(running));
  await assert.rejects(signIn(server, "ada", "x"), { code: "unreachable" });
});

test("a server that is killed while it answers is said to be down", () =>
  against(
    (_request, response) => {
      response
        .writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" })
        .write("{");
      setTimeout(() => response.destroy(), 20);
    },
    (server) => assert.rejects(signIn(server, "ada", "x"), { code: "unreachable" }),
  ));

/** A Media Chat to whose form anybody may sign in. */
const open: RequestListener = (request, response) =>
  request.url === "/embed/"
    ? json(401, { code: "unauthenticated" })(request, response)
    : json(200, { data: { user: { id: "1", username: "ada" } }, meta: { session_token: "t" } })(
        request,
        response,
      );

/** What the form is answered, where the account is kept so. */
const submitted = (server: Server, keep: () => Promise<unknown>) => {
  const answers: ToPage[] = [];
  const form = new SignInForm({ keep } as unknown as Accounts, {} as BrowserSignIn);
  const message = {
    type: "sign-in",
    server: server.address,
    username: "ada",
    password: "x",
  } as const;
  return form.answer(message, (answer) => answers.push(answer)).then(() => answers);
};

test("whoever signs in is signed in, also where the editor's settings cannot be written", () =>
  against(open, async (server) => {
    settings.update = () => Promise.reject(new Error("Unable to write into user settings."));
    let kept = 0;
    assert.deepEqual(await submitted(server, () => Promise.resolve(kept++)), []);
    assert.equal(kept, 1);
    assert.equal(said.at(-1), "Unable to write into user settings.");
  }));

test("the form is told whatever goes wrong, and does not wait for ever", () =>
  against(open, async (server) => {
    settings.update = () => Promise.resolve();
    const answers = await submitted(server, () =>
      Promise.reject(new Error("The keyring is locked.")),
    );
    assert.deepEqual(answers, [
      { type: "sign-in-failed", code: "refused", detail: "The keyring is locked." },
    ]);
  }));

test("a name that nobody has is a wrong address", async () => {
  await assert.rejects(signIn(Server.at("http://no-such-host.invalid"), "ada", "x"), {
    code: "wrong_address",
  });
});

test("an expired certificate is told from one that is not trusted", () => {
  const url = new URL("https://chat.example");
  const failed = (code: string) =>
    unreached(url, Object.assign(new TypeError("fetch failed"), { cause: { code } }));
  assert.equal(failed("CERT_HAS_EXPIRED").code, "certificate");
  assert.match(failed("CERT_HAS_EXPIRED").message, /expired/);
  for (const code of [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "SELF_SIGNED_CERT_IN_CHAIN",
  ]) {
    assert.equal(failed(code).code, "certificate");
    assert.match(failed(code).message, /not trusted/);
  }
  assert.match(failed("ERR_TLS_CERT_ALTNAME_INVALID").message, /another name/);
});

test("an account that was tried too often is told apart from a wrong password", () =>
  against(json(400, { errors: [{ code: "too_many_login_attempts", message: "…" }] }), (server) =>
    assert.rejects(signIn(server, "ada", "x"), { code: "too_many_attempts" }),
  ));

test("a busy server is said to be busy, and when to try again", () =>
  against(
    json(
      429,
      { status: 429, errors: [{ code: "rate_limited", message: "…" }] },
      { "Retry-After": "3" },
    ),
    (server) =>
      assert.rejects(signIn(server, "ada", "x"), {
        code: "too_many_attempts",
        message: "Many people are signing in at this moment. Try again in 3 seconds.",
      }),
  ));

test("a code that comes when the attempt is over is said to come too late", () =>
  against(json(401, { data: { flows: [{ id: "login" }] }, meta: {} }), (server) =>
    assert.rejects(answerSecondFactor(server, "attempt", "123456"), { code: "signed_out" }),
  ));

const REQUEST = { callback: "vscode://mediachat.media-chat/signed-in", challenge: "c", state: "s" };

for (const path of [
  "https://evil.example/accounts/editor/x/",
  "//evil.example/accounts/editor/x/",
  "/accounts/logout/",
  "/accounts/editor/../logout/",
  "javascript:alert(1)",
  "",
]) {
  test(`the browser is not sent to “${path}”, whatever the server says`, () =>
    against(json(200, { data: { path, expires_in: 600 } }), (server) =>
      assert.rejects(askForLink(server, REQUEST), { code: "not_media_chat" }),
    ));
}

test("an editor that the server does not know is told so in the server's words", () =>
  against(json(400, { errors: [{ code: "unknown_editor", message: "Not there." }] }), (server) =>
    assert.rejects(askForLink(server, REQUEST), { code: "refused", message: "Not there." }),
  ));

test("a server without such pages is not Media Chat, or an old one", () =>
  against(json(404, {}), (server) =>
    assert.rejects(askForLink(server, REQUEST), { code: "not_media_chat" }),
  ));

for (const [address, expected] of [
  ["https://chat.example", true],
  ["http://localhost:8000", true],
  ["http://127.0.0.2", true],
  ["http://[::1]:8000", true],
  ["http://chat.example", false],
  ["http://127.0.0.1.evil.example", false],
  ["http://localhost.evil.example", false],
  ["http://192.168.1.2", false],
] as const) {
  test(`${address} is ${expected ? "" : "not "}private`, () =>
    assert.equal(isPrivate(readAddress(address).url), expected));
}

test("username and password give a token", () =>
  against(
    json(200, { data: { user: { id: "1", username: "ada" } }, meta: { session_token: "t" } }),
    async (server) =>
      assert.deepEqual(await signIn(server, "ada", "x"), {
        token: "t",
        user: { id: "1", username: "ada" },
      }),
  ));

test("a second factor is asked for, and answered under the attempt's own token", () =>
  against(
    (request, response) => {
      if (request.url?.endsWith("/2fa/authenticate")) {
        assert.equal(request.headers["x-session-token"], "attempt");
        return json(200, {
          data: { user: { id: "1", username: "ada" } },
          meta: { session_token: "t" },
        })(request, response);
      }
      return json(401, {
        data: { flows: [{ id: "mfa_authenticate", is_pending: true }] },
        meta: { session_token: "attempt" },
      })(request, response);
    },
    async (server) => {
      assert.deepEqual(await signIn(server, "ada", "x"), { pendingToken: "attempt" });
      assert.equal((await answerSecondFactor(server, "attempt", "123456")).token, "t");
    },
  ));

test("a token follows no redirect", () => {
  const seen: unknown[] = [];
  return against(
    (request, response) => {
      seen.push(request.url);
      response.writeHead(302, { Location: "/elsewhere" }).end();
    },
    async (server) => {
      await assert.rejects(server.fetch("/media/1/x", { token: "t" }));
      assert.deepEqual(seen, ["/media/1/x"]);
    },
  );
});

test("only this server's files are files", () => {
  const server = Server.at("https://chat.example");
  assert.equal(server.media("/media/1/x.png"), "/media/1/x.png");
  for (const path of [
    "https://evil.example/media/1/x",
    "//evil.example/media/1/x",
    "/api/v1/rooms",
    "/media/../api/v1/rooms",
    "/media//",
  ]) {
    assert.equal(server.media(path), null, path);
  }
});

test("a server below a path is asked there, and its files are those below it", () => {
  for (const typed of ["example.org/chat", "https://example.org/chat/"]) {
    assert.equal(Server.at(typed).address, "https://example.org/chat");
  }
  const server = Server.at("https://example.org/chat");
  assert.equal(server.media("/chat/media/1/x.png"), "/media/1/x.png");
  for (const path of ["/media/1/x.png", "/chatter/media/1/x.png", "/chat/../media/1/x.png"]) {
    assert.equal(server.media(path), null, path);
  }
});

test("a username is written in the direction of its letters", () => {
  const place = { nonce: "", cspSource: "", file: (name: string) => name };
  assert.match(
    signInDocument(place, { server: "", username: "שרה", problem: "" }),
    /name="username" dir="auto"/,
  );
});
