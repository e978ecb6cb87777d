"""Moderation through the admin of a real server: what it does to those who are connected."""

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests import databases
from tests.support.live import Redis, Server
from tests.support.outside import ClosedError, CommandError, OutsideClient, connected
from tests.support.pictures import picture

REASON = "Three people asked for it."
AT_ONCE = 3.0 if databases.is_emulated() else 1.0
"""Seconds in which a decision is felt."""


class Moderator:
    """Someone with a browser on the admin's pages."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, timeout=20)

    async def __aenter__(self) -> "Moderator":
        browser = await OutsideClient(self.url, "administrator").sign_in_by_form()
        for cookie in browser.cookies.split("; "):
            self.http.cookies.set(*cookie.split("=", 1))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.http.aclose()

    async def decide(self, model: str, decision: str, id: str) -> None:
        address = f"/admin/{model}/decide/{decision}/?id={id}"
        question = await self.http.get(address)
        assert question.status_code == 200, (question.status_code, question.text[:500])
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', question.text)
        assert token
        answer = await self.http.post(
            address,
            data={"reason": REASON, "csrfmiddlewaretoken": token[1]},
            headers={"Referer": self.url + address},
        )
        assert answer.status_code == 302, (answer.status_code, answer.text[:2000])

    async def id_of(self, model: str, **query: str) -> str:
        """The id of the first thing that the list shows for this search."""
        page = await self.http.get(f"/admin/{model}/", params=query)
        found = re.search(rf"/admin/{model}/([0-9a-f-]{{36}})/change/", page.text)
        assert found, page.text[:2000]
        return found[1]


@pytest.fixture
async def moderator(server: Server) -> AsyncIterator[Moderator]:
    async with Moderator(server.url) as moderator:
        yield moderator


async def room_of(opener: OutsideClient, *others: OutsideClient, **fields: Any) -> str:
    fields = {"kind": "private", "name": f"Room {uuid.uuid4().hex[:6]}"} | fields
    names = [other.username for other in others]
    opened = await opener.command("room.open", members=names, **fields)
    room = str(opened["room"]["id"])
    for client in (opener, *others):
        await client.until(lambda client=client: room in client.held)
    return room


async def test_whoever_is_suspended_is_off_within_a_second_at_every_door(
    server: Server, moderator: Moderator
) -> None:
    phone, friend = OutsideClient(server.url, "crowd20"), OutsideClient(server.url, "crowd21")
    page = await OutsideClient(server.url, "crowd20").sign_in_by_form()
    async with phone, friend:
        await page.connect()
        room = await room_of(friend, phone)
        await page.until(lambda: room in page.held)
        file = await friend.upload("teal.png", picture("PNG"), "image/png")
        shown = await friend.send(room, "look", attachments=[file["id"]])
        picture_url = shown["attachments"][0]["url"]
        assert (await phone.download(picture_url)).status_code == 200
        unused = await phone.ticket()
        await page.until(lambda: shown["id"] in page.held[room].messages)

        person = await moderator.id_of("accounts/user", q="crowd20")
        started = time.monotonic()
        await moderator.decide("accounts/user", "suspend_user", person)
        assert await asyncio.wait_for(phone.closed, AT_ONCE) == 4403
        assert await asyncio.wait_for(page.closed, AT_ONCE) == 4403
        assert time.monotonic() - started < AT_ONCE + 0.5  # the request itself included

        seen = len(phone.events), len(page.events)
        await friend.send(room, "they should not see this")
        await assert_every_door_is_shut(server, phone, page, unused, room, picture_url)
        assert (len(phone.events), len(page.events)) == seen

        await moderator.decide("accounts/user", "restore_user", person)
        back = OutsideClient(server.url, "crowd20")
        async with back:
            await back.page_history(room)
            assert "they should not see this" in back.bodies(room)
        # What was ended stays ended: they have to sign in again.
        await assert_session_is_dead(server, phone)


async def assert_every_door_is_shut(
    server: Server,
    phone: OutsideClient,
    page: OutsideClient,
    ticket: str,
    room: str,
    picture_url: str,
) -> None:
    await assert_session_is_dead(server, phone)
    for client in (
        OutsideClient(server.url, "crowd20"),
        OutsideClient(server.url, "CROWD20"),
    ):
        with pytest.raises(AssertionError, match=r"40[01]"):
            await client.sign_in()
        await client.sign_in_by_form()
        async with httpx.AsyncClient(
            base_url=server.url, headers={"Cookie": client.cookies}
        ) as http:
            assert (await http.get("/")).status_code == 302

    async with phone.http() as http:
        for method, path in (
            ("GET", "/api/v1/rooms"),
            ("GET", f"/api/v1/rooms/{room}/messages"),
            ("POST", f"/api/v1/rooms/{room}/messages"),
            ("POST", "/api/v1/rooms"),
            ("POST", "/api/v1/attachments"),
            ("POST", "/api/v1/tickets"),
            ("GET", "/embed/"),
        ):
            answer = await http.request(method, path)
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert answer.json()["code"] == "unauthenticated"
        assert (await http.get(picture_url)).status_code == 404
    async with httpx.AsyncClient(base_url=server.url, headers={"Cookie": page.cookies}) as http:
        for path in ("/", "/accounts/profile/", "/accounts/sessions/", "/admin/"):
            answer = await http.get(path)
            assert answer.status_code == 302, (path, answer.status_code)
            assert "/login/" in answer.headers["Location"]
        assert (await http.get(picture_url)).status_code == 404
        assert (await http.get("/api/v1/rooms")).status_code == 401

    phone.closed = asyncio.Future()
    with pytest.raises((ClosedError, AssertionError)):
        await phone.connect(ticket=ticket)
    assert phone.closed.result() in (4401, 4403)
    assert not phone.ready
    with pytest.raises((ClosedError, AssertionError, InvalidStatus)):
        await page.connect()
    assert not page.ready


async def assert_session_is_dead(server: Server, client: OutsideClient) -> None:
    async with client.http() as http:
        session = await http.get("/_allauth/app/v1/auth/session")
        assert session.status_code in (401, 410), session.status_code


async def test_a_suspended_person_is_off_at_the_other_process_too(redis: Redis, serve: Any) -> None:
    first = serve(REDIS_URL=redis.url, RATE_LIMITS="off", HEARTBEAT="30")
    second = serve(data_of=first, REDIS_URL=redis.url, RATE_LIMITS="off", HEARTBEAT="30")
    async with connected(second.url, "crowd22") as [client], Moderator(first.url) as moderator:
        person = await moderator.id_of("accounts/user", q="crowd22")
        await moderator.decide("accounts/user", "suspend_user", person)
        assert await asyncio.wait_for(client.closed, AT_ONCE) == 4403


async def test_a_hidden_message_is_gone_at_once_and_comes_back(
    server: Server, moderator: Moderator
) -> None:
    async with connected(server.url, "crowd23", "crowd24") as [anna, ben]:
        room = await room_of(anna, ben)
        file = await anna.upload("teal.png", picture("PNG"), "image/png")
        sent = await anna.send(room, "rude words", attachments=[file["id"]])
        await ben.command("message.report", message=sent["id"], reason="rude")
        await moderator.decide("chat/message", "hide_message", sent["id"])
        for client in (anna, ben):
            await client.until(
                lambda client=client: client.held[room].messages[sent["id"]]["deleted"], AT_ONCE
            )
            held = client.held[room].messages[sent["id"]]
            assert (held["body"], held["html"], held["attachments"]) == ("", "", [])
        assert (await ben.download(sent["attachments"][0]["url"])).status_code == 404
        assert "rude" not in str(await ben.history(room))

        report = await moderator.id_of("chat/report", q="crowd23")
        await moderator.decide("chat/report", "settle_report", report)
        await moderator.decide("chat/message", "show_message", sent["id"])
        await ben.until(lambda: ben.bodies(room) == ["rude words"], AT_ONCE)
        assert (await ben.download(sent["attachments"][0]["url"])).status_code == 200


async def test_whoever_is_removed_hears_nothing_more(server: Server, moderator: Moderator) -> None:
    async with connected(server.url, "crowd25", "crowd26", "crowd27") as [anna, ben, cleo]:
        room = await room_of(anna, ben, cleo)
        await anna.send(room, "for all")
        await ben.until(lambda: ben.bodies(room) == ["for all"])
        membership = await moderator.id_of("chat/membership", q="crowd26")
        await moderator.decide("chat/membership", "remove_member", membership)
        await ben.until(lambda: room not in ben.held, AT_ONCE)
        seen = len(ben.events)
        await anna.send(room, "for the others")
        await cleo.until(lambda: cleo.held[room].position == 2)
        with pytest.raises(CommandError) as refused:
            await ben.command("history", room=room)
        assert refused.value.code == "not_found"
        assert not [event for event in ben.events[seen:] if room in str(event)]


async def test_nobody_writes_in_a_closed_room(server: Server, moderator: Moderator) -> None:
    async with connected(server.url, "crowd28", "crowd29") as [anna, ben]:
        room = await room_of(anna, ben, kind="public")
        await moderator.decide("chat/room", "close_room", room)
        await ben.until(lambda: ben.rooms[room]["closed"], AT_ONCE)
        for client in (anna, ben):
            with pytest.raises(CommandError) as refused:
                await client.send(room, "and yet")
            assert refused.value.code == "forbidden"
        await moderator.decide("chat/room", "reopen_room", room)
        await ben.until(lambda: not ben.rooms[room]["closed"], AT_ONCE)
        await ben.send(room, "at last")


async def test_suspending_someone_who_comes_and_goes_leaves_no_socket_open(
    server: Server, moderator: Moderator
) -> None:
    """Whoever is coming in at that moment has been let in by then, or is not."""
    client = await OutsideClient(server.url, "crowd30").sign_in()
    tickets = [await client.ticket() for _ in range(60)]
    person = await moderator.id_of("accounts/user", q="crowd30")
    sockets = [OutsideClient(server.url, "crowd30") for _ in tickets]

    async def come(socket: OutsideClient, ticket: str, after: float) -> None:
        await asyncio.sleep(after)
        with contextlib.suppress(ClosedError, AssertionError):
            await socket.connect(ticket=ticket)

    coming = [
        asyncio.create_task(come(socket, ticket, number * 0.005))
        for number, (socket, ticket) in enumerate(zip(sockets, tickets, strict=True))
    ]
    await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
    await moderator.decide("accounts/user", "suspend_user", person)
    try:
        done = time.monotonic()
        await asyncio.gather(*coming)
        came = [socket for socket in sockets if socket.ready]
        assert came
        for socket in came:
            left = max(0.1, done + AT_ONCE - time.monotonic())
            await asyncio.wait_for(asyncio.shield(socket.closed), left)
    finally:
        await moderator.decide("accounts/user", "restore_user", person)
