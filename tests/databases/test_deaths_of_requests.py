"""A process dies between any two writes about a request; whoever asked or answered tries again."""

import uuid

import pytest

from accounts.models import User
from chat.actions import requests, rooms
from chat.models import Room, RoomRequest
from chat.queries import relations, room_members, room_views
from tests.conftest import person
from tests.databases.test_deaths import dies_everywhere

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", ["private", "direct"])
def test_asking_strangers_and_accepting(kind, settings):
    settings.STRANGERS_ASK = True
    people: list[User] = []
    opened: list[Room] = []

    def arrange():
        people[:] = [person(f"{uuid.uuid4().hex[:12]}{n}") for n in range(2)]

    def open_it() -> Room:
        asker, asked = people
        name = "Plans" if kind == "private" else ""
        room, _ = rooms.open_room(asker, kind=kind, name=name, members=[asked.username])
        return room

    def asks() -> list[uuid.UUID]:
        return [each.room for each in relations.relations_of([people[1].pk])[people[1].pk].requests]

    def open_and_look():
        room = open_it()
        assert room.pk in asks()

    assert dies_everywhere(open_and_look, arrange) >= 3
    # What was asked before a room was there is asked into nothing, and nobody sees it.
    assert set(asks()) <= set(Room.objects.values_list("pk", flat=True))

    def arrange_asked():
        arrange()
        opened[:] = [open_it()]

    def accept():
        (room,) = opened
        if room.pk in asks():
            requests.accept_request(people[1], room=room.pk)
        view = room_views.room_view(people[0], room.pk)
        assert set(view.members or ()) == {each.username for each in people}
        assert view.asked is None
        assert not Room.objects.get(pk=room.pk).waiting
        assert asks() == []

    dies_everywhere(accept, arrange_asked)


def test_picking_somebody_again_who_is_no_stranger_any_more(settings, public_room):
    settings.STRANGERS_ASK = True
    people: list[User] = []

    def pick() -> Room:
        asker, asked = people
        return rooms.open_room(asker, kind="direct", members=[asked.username])[0]

    def arrange():
        people[:] = [person(f"{uuid.uuid4().hex[:12]}{n}") for n in range(2)]
        pick()
        for each in people:
            rooms.join_room(each, room=public_room.pk)

    def pick_again():
        room = pick()
        assert not Room.objects.get(pk=room.pk).waiting
        assert not RoomRequest.objects.filter(room=room).exists()
        assert room_members.members_among(room.pk, [each.pk for each in people]) == {people[0].pk}

    assert dies_everywhere(pick_again, arrange) == 3


def test_joining_where_one_has_been_asked(owner, outsider):
    opened: list[Room] = []

    def arrange():
        room, _ = rooms.open_room(owner, kind="public", name="Lobby")
        RoomRequest.objects.create(room=room, user=outsider, asker=owner)
        opened[:] = [room]

    def join():
        (room,) = opened
        rooms.join_room(outsider, room=room.pk)
        assert not RoomRequest.objects.filter(room=room).exists()

    dies_everywhere(join, arrange)
