"""What the protocol's reference says in sentences, beside the tables made from the contract.

Every error and closing code has its words here; a test holds that none is missing.
"""
# ruff: noqa: E501 -- a row of a Markdown table is one line

from chat.protocol import CloseCode, ErrorCode

INTRODUCTION = """\
# The protocol, version {version}

How programs talk to Media Chat. This page is generated from `chat/protocol/` by
`manage.py protocol_reference`. What it says can only grow: names and meanings stay.

## Doors

| endpoint | what it does |
| --- | --- |
| `POST /_allauth/app/v1/auth/signup` | `{{"username", "password"}}`: makes an account, where signing up is open |
| `POST /_allauth/app/v1/auth/login` | `{{"username", "password"}}`: answers `meta.session_token`; `401` lists what is missing: a code of the second factor (`mfa_authenticate`), or a second factor to be set up in a browser (`mfa_setup`) |
| `POST /_allauth/app/v1/auth/editor` | `{{"callback", "challenge", "state"}}`: answers `data.path`, a page to open in the person's browser; see [Signing in through the browser](#signing-in-through-the-browser) |
| `POST /_allauth/app/v1/auth/editor/session` | `{{"code", "verifier"}}`: answers as `login` does, with a session of the editor's own |
| `POST /api/v1/tickets` | with `X-Session-Token`: `{{"ticket", "expires_in"}}`. A ticket opens one socket, within `expires_in` seconds |
| `/ws/client/` | the socket for programs: `Sec-WebSocket-Protocol: {subprotocol}, ticket.<ticket>`, answered `{subprotocol}`. Cookies are ignored; the `Origin` may be absent, else it is an editor's or this host's |
| `/ws/` | the socket for the chat's own page: session cookie, and an `Origin` of this host (its scheme, a name of ALLOWED_HOSTS, its port) |
| `GET /api/v1/rooms`, `POST /api/v1/rooms` | the caller's rooms; open one with `{{"kind", "name", "members"}}` |
| `GET /api/v1/rooms/{{id}}/messages?before=<number>&limit=<n>` | a page of history, newest last |
| `POST /api/v1/rooms/{{id}}/messages` | `{{"client_id", "body", "attachments"}}`: sends without a socket |
| `POST /api/v1/attachments` | multipart `file`: answers an [Attachment](#attachment). A field `name` says what it is called where `filename` cannot without doubt (quotes, `%`, backslashes). A few of a person at once; one more is answered `429` `rate_limited` with `Retry-After` |
| `GET /api/v1/openapi.json`, `/api/v1/docs` | the HTTP API, described |
| `GET /healthz` | `200` when the process can serve, `503` and why when it cannot |

Without a valid session a body is 64 KiB at most, at every address. Bodies and headers have to keep
coming: what is too slow is answered `408` and closed.

Errors over HTTP are `{{"code", "detail"}}` with the codes of [Errors](#errors). What you may not
see answers `404`, the same as what does not exist.
"""

BROWSER = """\
## Signing in through the browser

An editor need not know a password, nor which steps a server asks for:

1. Make up a verifier (43 to 128 of the characters `A-Z a-z 0-9 - _`) and a `state` (16 to 128 of
   them), and keep both to yourself.
2. `POST` the state, the address that you listen to as `callback`, and as `challenge` the SHA-256
   of the verifier in base64url without padding.
3. Open the page at `data.path` in the person's browser, within `data.expires_in` seconds. The
   person signs in, if they have not yet, and confirms. It works once.
4. The browser comes to your callback with `code` and `state`. If the state is not yours, forget it.
5. Within two minutes, `POST` code and verifier. A code works once, for this verifier alone, and
   only while the person is signed in where they confirmed it.

A callback is `vscode://mediachat.media-chat/signed-in`, the same for VS Code's kin, or what VS
Code makes of it where it runs in a browser: on loopback, on vscode.dev, in a codespace, or at an
origin that the server's setting `EDITOR_ORIGINS` names. Any other is answered `400` with the code
`unknown_editor`.
"""

FRAMES = """\
## Frames

Frames are JSON text. You send one object a frame, of at most {frame_limit} bytes. The server sends
one object, or an array of objects to be taken in order.

Each command has a `type` and a `ref`: any text of yours, up to 200 characters. The answer carries
the same `ref`:

```json
{{"type": "reply", "ref": "7", "message": {{"…": "…"}}, "position": 42}}
{{"type": "error", "ref": "7", "code": "not_found", "detail": "…"}}
```

Fields that a command does not have are an error. An error never closes the socket.

Lines end with `\\n`. In the `body` of a message, the lines of code and the `reason` of a report,
`\\r\\n` and `\\r` are stored as `\\n`: what you send as `a\\r\\nb` comes back as `a\\nb`. So know
your own message by its `client_id`, not by its text.

| limit | |
| --- | --- |
| one frame of yours | {frame_limit} bytes; a larger one closes the socket with 1009 |
| the body of a message | {body_limit} characters |
| a page of history, of members or of changes | {page_limit}; of messages also {page_size} bytes: one that ends before says `more` |
| what one person asks for | units worth 200 at once, then 20 a second; over it the answer is `rate_limited` (both are settings of the server) |

Each command costs a number of units by the work it causes: a short message, a ping and most others
1, what costs more is said below. An answer longer than {answer_size} characters costs 1 more for each
of them, when it has been given. A command never costs more than the whole burst, so each can be had
by waiting. Requests over HTTP are paid from the same allowance. A client that sends a thousand commands that
are refused is closed with 4429, and so is one who sends more than 200 pings, pongs and pieces of
messages at once, or 20 a second.
"""

WALK = """\
## How to write a client

1. Sign in, take a ticket, open the socket. The first frame is `ready`, with your rooms.
2. Of each room, keep the position up to which you know it. When you hold nothing of a room, start
   at the `position` that `ready` or the `room` event gives, and page `history` for what came
   before.
3. A `message` event at your position plus one is the next: put it in place of what you hold under
   the same `id`, and move your position. At or below your position, it is old: drop it. Beyond it,
   something is missing: `sync` from your position.
4. `heads` says where rooms stand. If one stands beyond your position, `sync`.
5. After every connect, compare `epoch` with the one before. Where it is the same, `sync` the rooms
   that you hold. Where it differs, the server was restored from a backup: drop what you hold, as if
   you came for the first time, and keep what you have not sent.
6. What the person changes for themselves alone, such as a favourite, has a log of its own. Keep its
   values by `kind` and `room` (or `key`), and the `version` up to which you hold it, at first 0. Where
   `me_version` of `ready` is another one, ask `me.sync` from yours until there is no `more`. A
   `me.changed` at your version plus one is the next; beyond that, or while you ask, ask again. Where
   you hold no value of a room, what the room itself says counts.
7. Choose a `client_id` (a UUID) for each message, and keep the message until its reply comes. When
   the connection is lost first, send it again under the same `client_id`.
8. What is answered `server_error` or `rate_limited`, or not at all, may be right the next time: try
   it again after a random time, longer after each failure, and keep a room's later messages behind
   it. Every other error would be the same again.
9. When the socket closes, wait a random time, longer after each failure, and start at 1; but not
   after 4400, 4401 and 4403.
"""

ERRORS = {
    ErrorCode.BAD_REQUEST: "The command is malformed or makes no sense; `detail` says where.",
    ErrorCode.UNAUTHENTICATED: "You are not signed in, or no longer.",
    ErrorCode.FORBIDDEN: "You may see it, but not do this to it.",
    ErrorCode.NOT_FOUND: "It does not exist, or you may not know that it does.",
    ErrorCode.CONFLICT: "It contradicts what is already so, such as a `client_id` used elsewhere.",
    ErrorCode.TOO_LARGE: "The text or the file is larger than the server takes.",
    ErrorCode.RATE_LIMITED: "Too many in a short time: wait and send it again.",
    ErrorCode.UNSUPPORTED_MEDIA: "The file is of a kind that the server does not take. This server takes all, and says in `problem` why one is not shown.",
    ErrorCode.QUOTA_EXCEEDED: "Your files take all the space that you have, or the server has no more for anybody's.",
    ErrorCode.SERVER_ERROR: "The server failed. Nothing was acknowledged; send it again.",
}

CLOSE_CODES = {
    CloseCode.FRAME_TOO_LARGE: "Send less in one frame.",
    CloseCode.RESTARTING: "Come back after a random delay and `sync`.",
    CloseCode.WRONG_PROTOCOL: "Ask for the subprotocol of this page.",
    CloseCode.NOT_SIGNED_IN: "Sign in, take a new ticket, come back.",
    CloseCode.BANNED: "The account is suspended. Do not come back by yourself.",
    CloseCode.TOO_SLOW: "You read more slowly than your rooms speak: come back and `sync`.",
    CloseCode.TOO_FAST: "Too many frames or sockets: come back after a longer delay.",
}

PROMISES = """\
## Promises

1. A `reply` to `message.send` means that the message is stored. The same `client_id` again, at any
   time and over any endpoint, answers with the same message and stores nothing.
2. In a room, positions grow by one with each change. A live `message` follows the last one without
   a gap, or you `sync` and miss nothing. A later change of a message replaces its earlier
   position, so that gaps in `changes` are normal.
3. `number` orders a room's messages as they were sent, from 1, without gaps, and never changes.
4. A person who may not read a room gets no frame of it, from the moment that this is decided.
5. All devices of a person that hold their own log up to the same version hold the same values.
   Whatever event is lost, each is told the newest version within a heartbeat.
"""
