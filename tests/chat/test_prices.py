"""Every command and every address has a price, and ordinary use never meets the limits."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, get_resolver

from chat import protocol
from chat.api.routes import api
from chat.commands.registry import price_of
from chat.throttling import prices

ADDRESS = {
    "<uuid:id>": str(uuid.UUID(int=1)),
    "<uuid:room>": str(uuid.UUID(int=1)),
    "<int:number>": "12",
    "<uuidstr:room_id>": str(uuid.UUID(int=1)),
    "<uuidstr:attachment_id>": str(uuid.UUID(int=1)),
    "<path:name>": "a/file.txt",
    "<slug:name>": "a-name",
    "<str:token>": "a-token",
    "<str:link>": "a-link",
    "<int:pk>": "1",
}


def _addresses(resolver: Any, before: str = "/") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _addresses(pattern, route)


def _example(route: str) -> str:
    for converter, value in ADDRESS.items():
        route = route.replace(converter, value)
    return route.replace("^", "")


def test_what_has_no_price_is_found_as_such():
    # A group within a pattern would count as a pattern of its own.
    assert prices._doors.groups == len(prices.ENDPOINTS)
    for path in ("/static/chat/client.js", "/healthz"):
        assert prices.of_request("GET", path) == prices.Endpoint(0, "nobody")
    assert prices.of_request("GET", "/metrics") == prices.NOWHERE


def test_every_address_has_a_price():
    for route in _addresses(get_resolver()):
        for method in ("GET", "POST"):
            door = prices.listed(method, _example(route))
            assert door, f"Give {method} {route} a price in chat/throttling/prices.py."


def test_every_operation_of_the_api_has_a_price_of_its_own_that_the_person_pays():
    for _, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    example = _example("/api/v1" + path.replace("{", "<").replace("}", ">"))
                    door = prices.listed(method, example)
                    assert door, f"Give {method} {path} a price in chat/throttling/prices.py."
                    assert door.payer == "person", (method, path)


def test_a_person_pays_for_an_operation_no_more_than_for_the_command_that_it_is():
    send = prices.of_request("POST", f"/api/v1/rooms/{uuid.UUID(int=1)}/messages")
    history = prices.of_request("GET", f"/api/v1/rooms/{uuid.UUID(int=1)}/messages")
    assert send.units <= 2
    assert history.units <= price_of(protocol.History(room=uuid.UUID(int=1)))


def _send(body: str, **fields: Any) -> int:
    command = protocol.MessageSend(room=uuid.uuid4(), client_id=uuid.uuid4(), body=body, **fields)
    return price_of(command)


def test_an_ordinary_message_costs_one_whatever_is_in_it():
    assert _send("Good **morning**, @anna: https://example.org/ `code`") == 1
    assert _send("a word or two " * 70 + "end") == 1
    assert _send("", attachments=[uuid.uuid4()] * 4) == 1


def test_a_long_message_costs_more_where_it_is_formatted():
    assert _send("a" * 20_000) <= 5
    assert _send("| **a** | [b](c) |\n" * 200) >= 5
    assert _send("[a](b) *c* " * 1_800) >= 6


def test_coming_back_to_a_thousand_rooms_in_step_is_a_tenth_of_the_burst(settings):
    rooms = {uuid.uuid4(): 7 for _ in range(1_000)}
    assert price_of(protocol.Sync(type="sync", rooms=rooms)) <= settings.RATE_BURST // 10


def test_opening_the_page_is_a_part_of_the_burst(settings):
    room = uuid.uuid4()
    opening = [
        protocol.Sync(type="sync", rooms={uuid.uuid4(): 7 for _ in range(200)}),
        *[protocol.History(room=room) for _ in range(10)],
        *[protocol.PeopleGet(type="people.get", usernames=["anna"] * 100) for _ in range(3)],
        *[protocol.RoomRead(type="room.read", room=room, number=7) for _ in range(5)],
    ]
    assert sum(price_of(command) for command in opening) <= settings.RATE_BURST // 4
