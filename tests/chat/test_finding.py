"""Who and what is found by a name, in which order, and page by page."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chat import protocol
from chat.commands.registry import definition_of
from chat.models import Membership, Room
from chat.protocol import ErrorCode
from chat.queries import directory, room_views
from tests.chat.conftest import refused
from tests.conftest import PASSWORD
from tests.databases.plans import noted
from tests.mediachat.test_folding import CASES


def _people(*names: tuple[str, str], **fields: Any) -> None:
    User.objects.bulk_create(
        User(username=username, display_name=name, skeleton=uuid4().hex, password="!", **fields)
        for username, name in names
    )


def _rooms(*names: str, **fields: Any) -> list[Room]:
    return Room.objects.bulk_create(
        Room(kind=Room.Kind.PUBLIC, name=name, **fields) for name in names
    )


def _found(query: str) -> list[str]:
    return [each.username for each in directory.find_people(query)[0]]


def _found_rooms(user: User, query: str) -> list[str]:
    return [each.name for each in directory.find_rooms(user, query)[0]]


def test_people_and_rooms_are_found_however_their_names_are_typed(owner: User) -> None:
    _people(*((f"p{at}", name) for at, (name, _) in enumerate(CASES)))
    _rooms(*(name for name, _ in CASES))
    for at, (name, typed) in enumerate(CASES):
        for query in typed:
            assert f"p{at}" in _found(query), (name, query)
            assert name in _found_rooms(owner, query), (name, query)


def test_usernames_too(db: None) -> None:
    _people(("öğüt", ""), ("иван.ёлкин", ""), ("jean-luc", "Captain"))
    assert _found("ogut") == _found("ÖĞÜ") == ["öğüt"]
    assert _found("елк") == ["иван.ёлкин"]
    assert _found("luc") == _found("capt je") == ["jean-luc"]


def test_whose_words_begin_so_comes_first(owner: User) -> None:
    _people(("abby", "Susann"), ("zed", "Ann-Marie Z"), ("mary", "Mary Ann"), ("b", "Bann"))
    assert _found("ann") == ["mary", "zed", "abby", "b"]
    assert _found("ann z") == ["zed"]
    _rooms("Planning", "Annual", "Big ann", "Mann")
    assert _found_rooms(owner, "ann") == ["Annual", "Big ann", "Mann", "Planning"]


def test_suspended_people_and_closed_rooms_are_not_found(owner: User) -> None:
    _people(("gone", "Émile Gone"), is_active=False)
    assert _found("emile") == []
    room = _rooms("Émile")[0]
    assert _found_rooms(owner, "emile") == ["Émile"]
    Room.objects.filter(pk=room.pk).update(closed_at="2026-01-01T00:00:00Z")
    assert _found_rooms(owner, "emile") == []


def test_people_are_found_as_they_are_mentioned(db: None) -> None:
    _people(("ann", "Anna Lee"), ("annabel", ""), ("bob", "Bob"))
    for query in ("@ann", "\uff20ann", "  @ann", "@@ann"):
        assert _found(query) == ["ann", "annabel"], query
    assert _found("@lee @anna") == ["ann"]
    assert _found("@bob") == ["bob"]
    assert _found("a@nn") == []
    assert _found("@") == _found("") == ["ann", "annabel", "bob"]


def test_accents_alone_find_nobody(owner: User) -> None:
    _rooms("a")
    assert directory.find_people("\u0301") == ([], False)
    assert directory.find_rooms(owner, "\u0301") == ([], False)
    assert _found_rooms(owner, "") == ["a"]


def _pages_of_people(query: str) -> list[list[str]]:
    pages: list[list[str]] = []
    more = True
    while more:
        found, more = directory.find_people(query, after=pages[-1][-1] if pages else "")
        pages.append([each.username for each in found])
    return pages


def test_people_come_page_by_page(db: None) -> None:
    begun = [f"p{n:02}" for n in range(30)]
    within = [f"q{n:02}" for n in range(25)]
    _people(*((name, "Mia") for name in begun), *((name, "Samia") for name in within))
    pages = _pages_of_people("mia")
    assert [len(page) for page in pages] == [20, 20, 15]
    assert [name for page in pages for name in page] == begun + within
    # A page that ends with the first kind, or is full, says rightly what follows.
    assert [len(page) for page in _pages_of_people("samia")] == [20, 5]
    _people(*((f"r{n:02}", "Lone") for n in range(20)))
    assert [len(page) for page in _pages_of_people("lone")] == [20]


def test_rooms_come_page_by_page(owner: User, private_room: Room) -> None:
    _rooms(*["Same"] * 25, *[f"Same {n:02}" for n in range(10)], *["Unsame"] * 8)
    seen: list[str] = []
    ids, after, more = set(), None, True
    while more:
        found, more = directory.find_rooms(owner, "same", after=after)
        after = found[-1].id
        seen += [each.name for each in found]
        ids |= {each.id for each in found}
    assert seen == ["Same"] * 25 + [f"Same {n:02}" for n in range(10)] + ["Unsame"] * 8
    assert len(ids) == len(seen)
    # Where a private room would stand among them is nobody's to know.
    unknown = refused(ErrorCode.NOT_FOUND, directory.find_rooms, owner, "", after=uuid4())
    private = refused(ErrorCode.NOT_FOUND, directory.find_rooms, owner, "", after=private_room.pk)
    assert private == unknown


@pytest.mark.parametrize(
    ("list_of", "query"), [("accounts_user", "ogut"), ("chat_room", "OGU"), ("chat_room", "room o")]
)
def test_the_admin_finds_so_too(administrator: User, list_of: str, query: str) -> None:
    _people(("öğüt", ""), ("p1", "Elif Öğüt"), ("other", "Other"))
    _rooms("Öğüt’s room", "Room Öğüt", "Another")
    client = Client()
    assert client.login(username=administrator.username, password=PASSWORD)
    answer = client.get(reverse(f"admin:{list_of}_changelist"), {"q": query})
    found = {str(each) for each in answer.context["cl"].queryset}
    assert found == ({"öğüt", "p1"} if list_of == "accounts_user" else {"Öğüt’s room", "Room Öğüt"})


def test_the_admin_disregards_no_case_where_none_is_stored(administrator: User) -> None:
    """Row by row it would cost the database more than all the rest."""
    _people(("миша", ""), ("other", "Other"))
    client = Client()
    assert client.login(username=administrator.username, password=PASSWORD)
    with noted() as asked:
        answer = client.get(reverse("admin:accounts_user_changelist"), {"q": "МИША"})
    assert [each.username for each in answer.context["cl"].queryset] == ["миша"]
    assert not [each for each in asked if "UPPER" in each.asked or "GLOB" in each.asked]


# -- What the reference says of these commands -------------------------------------------------


def _reply(user: User, type: str, **fields: Any) -> dict[str, Any]:
    command = protocol.parse(json.dumps({"type": type, **fields}))
    reply: protocol.Reply = definition_of(command.__class__).handler(user, command)
    return dict(json.loads(reply.encoded()))


def test_people_find_says_who_is_a_member(
    owner: User, member: User, outsider: User, private_room: Room, public_room: Room
) -> None:
    _people(("memory", ""))
    room = str(private_room.pk)
    reply = _reply(owner, "people.find", query="mem", room=room)
    assert [each["username"] for each in reply["people"]] == ["member", "memory"]
    assert reply["members"] == ["member"]
    assert "members" not in _reply(owner, "people.find", query="mem")
    public = str(public_room.pk)
    assert _reply(outsider, "people.find", query="mem", room=public)["members"] == ["member"]
    unknown = refused(
        ErrorCode.NOT_FOUND, _reply, outsider, "people.find", query="mem", room=str(uuid4())
    )
    private = refused(ErrorCode.NOT_FOUND, _reply, outsider, "people.find", query="mem", room=room)
    assert private == unknown


def test_room_members_says_whether_there_are_more(owner: User, private_room: Room) -> None:
    User.objects.bulk_create(
        User(username=f"p{n}", skeleton=f"p{n}", password="!") for n in range(3)
    )
    people = User.objects.filter(username__startswith="p")
    Membership.objects.bulk_create(Membership(room=private_room, user=each) for each in people)
    everyone = sorted(room_views.room_view(owner, private_room.pk).members or [])
    seen: list[str] = []
    more = True
    while more:
        reply = _reply(
            owner,
            "room.members",
            room=str(private_room.pk),
            after=seen[-1] if seen else "",
            limit=2,
        )
        more = reply["more"]
        seen += [each["username"] for each in reply["members"]]
        assert more == (len(seen) < len(everyone))
    assert seen == everyone
    whole = _reply(owner, "room.members", room=str(private_room.pk), limit=len(everyone))
    assert (len(whole["members"]), whole["more"]) == (len(everyone), False)


def test_people_get_tells_of_suspended_people_and_nothing_of_nobody(
    owner: User, suspended: User
) -> None:
    reply = _reply(owner, "people.get", usernames=["suspended", "nobody-at-all"])
    assert [each["username"] for each in reply["people"]] == ["suspended"]
