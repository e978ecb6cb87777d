"""Who has a turn at the pages that hash, who waits, and who is refused."""

import asyncio
import json
from typing import Any

import pytest

from accounts.passwords.sign_in_line import FairLine, LineFull, SignInLine

HERE = "/_allauth/app/v1/auth/login"


def has_turn(turn: "asyncio.Future[None]") -> bool:
    return turn.done() and turn.exception() is None


async def test_networks_have_turns_in_turn() -> None:
    line = FairLine(turns=1, places=10)
    first = line.ask("a")
    flood = [line.ask("a") for _ in range(5)]
    other = line.ask("b")
    assert has_turn(first)
    line.give_back()
    assert has_turn(flood[0])
    line.give_back()
    assert has_turn(other)
    assert not has_turn(flood[1])
    line.give_back()
    assert has_turn(flood[1])


async def test_the_last_of_the_longest_makes_room_for_others() -> None:
    line = FairLine(turns=1, places=4)
    line.ask("a")
    flood = [line.ask("a") for _ in range(4)]
    with pytest.raises(LineFull):
        line.ask("a")
    b, c = line.ask("b"), line.ask("c")
    assert [isinstance(turn.exception(), LineFull) for turn in flood if turn.done()] == [True] * 2
    assert not any(turn.done() for turn in [*flood[:2], b, c])
    # Those who have as many as the longest have had their share.
    with pytest.raises(LineFull):
        line.ask("b")


async def test_every_turn_comes_back() -> None:
    line = FairLine(turns=2, places=4)
    turns = [line.ask(network) for network in "aabbab"]
    line.leave("a", turns[4])
    for _ in range(2 + 3):
        line.give_back()
    assert line._free == 2
    assert not line._waiting


class Peer:
    """One request through a line, whose application answers when it is told to."""

    def __init__(self, line: SignInLine, *, address: str = "192.0.2.1", path: str = HERE) -> None:
        self.sent: list[Any] = []
        self.gone = asyncio.Event()
        self._body = [b'{"username"', b": 1}"]
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [],
            "client": [address, 1],
        }
        self.task = asyncio.create_task(line(scope, self.receive, self.send))

    async def receive(self) -> Any:
        if self._body:
            body = self._body.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(self._body)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: Any) -> None:
        self.sent.append(event)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None


class Application:
    def __init__(self, status: int = 401) -> None:
        self.entered = 0
        self.open = asyncio.Event()
        self.bodies: list[bytes] = []
        self.status = status

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.entered += 1
        event = await receive()
        self.bodies.append(event["body"])
        assert not event["more_body"]
        await self.open.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def a_moment() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_so_many_are_worked_on_so_many_wait_and_the_others_are_refused() -> None:
    app = Application()
    line = SignInLine(app, line=FairLine(turns=2, places=3))
    peers = [Peer(line) for _ in range(7)]
    await a_moment()
    assert app.entered == 2
    assert [peer.status for peer in peers] == [None] * 5 + [429] * 2
    headers = dict(peers[-1].sent[0]["headers"])
    assert headers[b"retry-after"] == b"3"
    assert json.loads(peers[-1].sent[1]["body"])["code"] == "rate_limited"
    app.open.set()
    await asyncio.gather(*(peer.task for peer in peers))
    assert [peer.status for peer in peers] == [401] * 5 + [429] * 2
    assert app.bodies == [b'{"username": 1}'] * 5


async def test_who_waits_too_long_is_refused() -> None:
    app = Application()
    line = SignInLine(app, line=FairLine(turns=1), wait=0.05)
    first, late = Peer(line), Peer(line)
    await asyncio.wait_for(late.task, 5)
    assert late.status == 429
    app.open.set()
    await asyncio.wait_for(first.task, 5)
    assert app.entered == 1


async def test_who_goes_away_leaves_the_line() -> None:
    app = Application()
    line = SignInLine(app, line=FairLine(turns=1, places=2))
    first, gone, other = Peer(line), Peer(line), Peer(line)
    await a_moment()
    gone.gone.set()
    await asyncio.wait_for(gone.task, 5)
    assert not gone.sent
    late = Peer(line)
    app.open.set()
    await asyncio.gather(first.task, other.task, late.task)
    assert (first.status, other.status, late.status) == (401, 401, 401)
    assert app.entered == 3


async def test_a_turn_ends_with_its_request_however_it_ends() -> None:
    class Fails(Application):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            raise RuntimeError

    fair = FairLine(turns=1)
    line = SignInLine(Fails(), line=fair)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await Peer(line).task
    waiting = SignInLine(Application(), line=fair)
    first, second = Peer(waiting), Peer(waiting)
    await a_moment()
    for peer in (second, first):
        peer.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await peer.task
    assert fair._free == 1


async def test_a_flood_of_one_network_holds_up_only_itself() -> None:
    app = Application()
    line = SignInLine(app, line=FairLine(turns=1, places=8))
    flood = [Peer(line, address=f"2001:db8:1:{n:x}::1") for n in range(12)]
    await a_moment()
    someone = Peer(line, address="203.0.113.9")
    await a_moment()
    app.open.set()
    await asyncio.gather(someone.task, *(peer.task for peer in flood))
    assert someone.status == 401
    assert [peer.status for peer in flood].count(429) == 4


async def test_a_refused_sign_in_takes_as_long_whatever_it_was_compared_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("accounts.passwords.sign_in_line.REFUSAL_AFTER", 0.2)
    app = Application(status=400)
    app.open.set()
    line = SignInLine(app, line=FairLine(turns=1))
    loop = asyncio.get_running_loop()
    began = loop.time()
    peers = [Peer(line) for _ in range(10)]
    await asyncio.gather(*(peer.task for peer in peers))
    # The turn is given back before: they wait beside each other.
    assert 0.19 <= loop.time() - began < 1.5


@pytest.mark.parametrize(
    ("path", "waits"),
    [
        ("/accounts/login/", True),
        ("/accounts/signup/", True),
        ("/accounts/password/change/", True),
        ("/accounts/password/reset/key/x/", True),
        ("/accounts/reauthenticate/", True),
        ("/accounts/first-administrator/x/", True),
        ("/_allauth/app/v1/auth/signup", True),
        ("/_allauth/app/v1/account/password/change", True),
        ("/admin/login/", True),
        ("/admin/accounts/user/add/", True),
        ("/admin/accounts/user/1/password/", True),
        ("/accounts/profile/", False),
        ("/api/v1/attachments", False),
        ("/admin/chat/room/", False),
    ],
)
async def test_what_may_hash_waits_in_line(path: str, waits: bool) -> None:
    app = Application()
    line = SignInLine(app, line=FairLine(turns=0, places=1), wait=0.01)
    peer = Peer(line, path=path)
    if not waits:
        peer._body = [b""]
        app.open.set()
    await asyncio.wait_for(peer.task, 5)
    assert peer.status == (429 if waits else 401)
