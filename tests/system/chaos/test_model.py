"""The checker finds each kind of violation, and nothing where there is none."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.system.chaos import model
from tests.system.chaos.history import Asked, Final, Frame, History, Received

ROOM, OTHER = "room", "other"
ANNA, BEN = "anna", "ben"


def message(number: int, position: int, **fields: Any) -> Frame:
    return {
        "id": f"id {number}",
        "room": ROOM,
        "number": number,
        "position": position,
        "sender": ANNA,
        "client_id": f"client id {number}",
        "created_at": f"at {number}",
        "body": f"text {number}",
        "deleted": False,
        "reactions": {},
        "quote": None,
        "attachments": [],
    } | fields


class World:
    """Anna wrote three messages, edited the first and deleted the second; Ben reacted to the third
    and read all. He was removed, Anna wrote a fourth, and let him in again."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.history = History()
        room = {"id": ROOM, "position": 0, "read": 0}
        for client in (ANNA, BEN):
            self.receive(client, {"type": "ready", "rooms": [room]})
        for number in (1, 2, 3):
            self.send(number, number)
        self.change("message.edit", ANNA, message(1, 4, body="edited"), body="edited")
        self.change("message.delete", ANNA, message(2, 5, body="", deleted=True))
        reactions = {"👍": [BEN]}
        self.change("message.react", BEN, message(3, 6, reactions=reactions), emoji="👍", on=True)
        self.ask("room.read", BEN, {"type": "reply"}, room=ROOM, number=3)
        self.removal = self.ask("room.remove", ANNA, {"type": "reply"}, room=ROOM, member=BEN)
        self.receive(BEN, {"type": "room.removed", "room": ROOM, "reason": "removed"})
        self.send(4, 7, to=(ANNA,))
        self.later = self.clock + 0.5
        self.ask("room.add", ANNA, {"type": "reply"}, room=ROOM, members=[BEN])
        self.receive(BEN, {"type": "room", "room": room | {"position": 7}})
        self.send(5, 8)
        stored = [
            message(1, 4, body="edited"),
            message(2, 5, body="", deleted=True),
            message(3, 6, reactions=reactions),
            message(4, 7),
            message(5, 8),
        ]
        held = {each["id"]: each for each in stored}
        self.final = Final(
            stored={ROOM: stored},
            members={ROOM: {ANNA, BEN}},
            read={ANNA: {ROOM: 0}, BEN: {ROOM: 3}},
            names={ANNA: {ROOM: "Work"}, BEN: {ROOM: "Work"}},
            users={ANNA: ANNA, BEN: BEN},
            held={ANNA: {ROOM: held}, BEN: {ROOM: copy.deepcopy(held)}},
            held_read={ANNA: {ROOM: 0}, BEN: {ROOM: 3}},
            held_names={ANNA: {ROOM: "Work"}, BEN: {ROOM: "Work"}},
        )

    def receive(self, client: str, frame: Frame, at: float | None = None) -> None:
        self.clock += 1
        at = self.clock if at is None else at
        self.history.received.append(Received(at, client, client, 1, frame))

    def ask(self, kind: str, user: str, answer: Frame | None, **fields: Any) -> Asked:
        self.clock += 1
        asked = Asked(user, user, kind, fields, self.clock, 1)
        self.clock += 1
        asked.answer, asked.answered_at = answer, self.clock if answer else None
        self.history.asked.append(asked)
        return asked

    def send(self, number: int, position: int, to: tuple[str, ...] = (ANNA, BEN)) -> Asked:
        sent = message(number, position)
        fields = {"room": ROOM, "client_id": sent["client_id"], "body": sent["body"]}
        asked = self.ask("message.send", ANNA, {"type": "reply", "message": sent}, **fields)
        self.tell(sent, to)
        return asked

    def change(self, kind: str, user: str, after: Frame, **fields: Any) -> Asked:
        answer = {"type": "reply", "message": after}
        asked = self.ask(kind, user, answer, message=after["id"], **fields)
        self.tell(after)
        return asked

    def tell(self, after: Frame, to: tuple[str, ...] = (ANNA, BEN)) -> None:
        frame = {
            "type": "message",
            "room": ROOM,
            "position": after["position"],
            "message": copy.deepcopy(after),
        }
        for client in to:
            self.receive(client, frame)

    def found(self) -> set[str]:
        """The rules that were broken."""
        return {each.split(":")[0] for each in model.violations(self.history, self.final)}

    def received(self, client: str, position: int) -> int:
        """Where in the history this client is told of this position."""
        return next(
            n
            for n, each in enumerate(self.history.received)
            if each.client == client and each.frame.get("position") == position
        )

    def store(self, number: int, **fields: Any) -> None:
        """Changes what is stored, and what everybody holds with it."""
        kept = self.final.stored[ROOM][number - 1]
        for each in (kept, *(held[f"id {number}"] for held in self.holdings())):
            each.update(copy.deepcopy(fields))

    def holdings(self) -> list[dict[str, Frame]]:
        return [held[ROOM] for held in self.final.held.values()]


def test_nothing_is_found_where_nothing_is_wrong():
    world = World()
    assert model.violations(world.history, world.final) == []


def lost(world: World) -> None:
    world.final.stored[ROOM].pop()
    for held in world.holdings():
        held.pop("id 5")


def doubled(world: World) -> None:
    twin = message(6, 9, client_id="client id 5")
    world.final.stored[ROOM].append(twin)
    for held in world.holdings():
        held[twin["id"]] = twin


def never_answered(world: World) -> None:
    world.ask("message.send", BEN, None, room=ROOM, client_id="x", body="hello")


def stored_though_refused(world: World) -> None:
    world.history.asked[0].answer = {"type": "error", "code": "forbidden"}


def sent_by_nobody(world: World) -> None:
    del world.history.asked[0]


def stored_as_another(world: World) -> None:
    sent = next(each for each in world.history.asked if each.kind == "message.send")
    sent.answer = {"type": "reply", "message": message(9, 1)}


def a_gap_in_the_numbers(world: World) -> None:
    del world.history.asked[0], world.final.stored[ROOM][0]
    for held in world.holdings():
        held.pop("id 1")


def out_of_order(world: World) -> None:
    """Ben was told the second and third message the other way round."""
    received = world.history.received
    first, second = world.received(BEN, 2), world.received(BEN, 3)
    received[first], received[second] = received[second], received[first]


def another_order(world: World) -> None:
    """To Ben the second and third message have each other's numbers and positions."""
    for position, number in ((2, 3), (3, 2)):
        frame = world.history.received[world.received(BEN, position)].frame
        frame["message"] = message(number, position)
        frame["message"]["number"] = position


def two_states_at_one_position(world: World) -> None:
    frame = world.history.received[world.received(BEN, 4)].frame
    frame["message"] = frame["message"] | {"body": "another"}


def a_gap_in_live(world: World) -> None:
    del world.history.received[world.received(BEN, 3)]


def live_twice(world: World) -> None:
    world.tell(message(5, 8), (BEN,))


def of_a_room_nobody_told(world: World) -> None:
    world.receive(BEN, {"type": "room.removed", "room": ROOM, "reason": "left"})
    world.tell(message(6, 9), (BEN,))


def message_lacking(world: World) -> None:
    world.final.held[BEN][ROOM].pop("id 4")


def message_only_held(world: World) -> None:
    world.final.held[BEN][ROOM]["id 9"] = message(9, 9)


def edit_diverged(world: World) -> None:
    world.final.held[BEN][ROOM]["id 1"]["body"] = "text 1"


def deletion_diverged(world: World) -> None:
    world.final.held[BEN][ROOM]["id 2"].update(deleted=False, body="text 2")


def reaction_diverged(world: World) -> None:
    world.final.held[BEN][ROOM]["id 3"]["reactions"] = {}


def room_lacking(world: World) -> None:
    del world.final.held[BEN][ROOM]


def room_kept(world: World) -> None:
    world.final.members[ROOM].remove(BEN)


def edit_lost(world: World) -> None:
    world.store(1, body="text 1")


def deletion_lost(world: World) -> None:
    world.store(2, deleted=False, body="text 2")


def reaction_lost(world: World) -> None:
    world.store(3, reactions={})


def reaction_of_nobody(world: World) -> None:
    world.store(3, reactions={"👍": [BEN, ANNA]})


def reaction_twice(world: World) -> None:
    world.store(3, reactions={"👍": [BEN, BEN]})


def read_mark_lost(world: World) -> None:
    world.final.read[BEN][ROOM] = world.final.held_read[BEN][ROOM] = 2


def read_mark_diverged(world: World) -> None:
    world.final.held_read[BEN][ROOM] = 2


def name_diverged(world: World) -> None:
    world.final.held_names[BEN][ROOM] = "Before"


def message_after_removal(world: World) -> None:
    frame = {"type": "message", "room": ROOM, "position": 7, "message": message(4, 7)}
    world.receive(BEN, frame, world.later)


def changes_after_removal(world: World) -> None:
    frame = {"type": "changes", "room": ROOM, "messages": [message(4, 7)], "position": 7}
    world.receive(BEN, frame, world.later)


def heads_after_removal(world: World) -> None:
    world.receive(BEN, {"type": "heads", "rooms": {ROOM: 7}}, world.later)


def history_after_removal(world: World) -> None:
    frame = {"type": "reply", "ref": "1", "messages": [message(4, 7)], "more": False}
    world.receive(BEN, frame, world.later)


def typing_long_after_removal(world: World) -> None:
    assert world.removal.answered_at
    at = world.removal.answered_at + model.GRACE + 0.1
    for asked in world.history.asked:
        if asked.kind == "room.add":
            asked.at = at + 1
    world.receive(BEN, {"type": "typing", "room": ROOM, "user": ANNA}, at)


BROKEN: dict[str, list[Callable[[World], None]]] = {
    "each_message_once": [
        lost,
        doubled,
        never_answered,
        stored_though_refused,
        sent_by_nobody,
        stored_as_another,
        a_gap_in_the_numbers,
    ],
    "one_order_for_everybody": [another_order, two_states_at_one_position],
    "live_positions_without_gaps": [
        out_of_order,
        a_gap_in_live,
        live_twice,
        of_a_room_nobody_told,
    ],
    "everybody_holds_what_is_stored": [
        message_lacking,
        message_only_held,
        edit_diverged,
        deletion_diverged,
        reaction_diverged,
        room_lacking,
        room_kept,
    ],
    "changes_are_as_acknowledged": [
        edit_lost,
        deletion_lost,
        reaction_lost,
        reaction_of_nobody,
        reaction_twice,
    ],
    "read_marks_are_the_same": [read_mark_lost, read_mark_diverged],
    "rooms_are_called_the_same": [name_diverged],
    "nothing_to_who_was_removed": [
        message_after_removal,
        changes_after_removal,
        heads_after_removal,
        history_after_removal,
        typing_long_after_removal,
    ],
}


@pytest.mark.parametrize(
    ("rule", "breaks"),
    [(rule, breaks) for rule, all_of in BROKEN.items() for breaks in all_of],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_each_kind_of_violation_is_found(rule: str, breaks: Callable[[World], None]):
    world = World()
    breaks(world)
    assert rule in world.found()


def test_every_rule_can_be_broken():
    assert BROKEN.keys() == {rule.__name__ for rule in model.RULES}


def test_what_is_said_of_an_attempt_that_may_come_late():
    """Whether an edit that was repeated, or refused, counts cannot be known from outside."""
    world = World()
    edit = next(each for each in world.history.asked if each.kind == "message.edit")
    edit.attempts = 2
    assert world.found() == set()
    world.store(1, body="something else")
    assert "changes_are_as_acknowledged" in world.found()


def test_a_reaction_that_changes_nothing_says_nothing_of_what_came_after_a_removal():
    world = World()
    answer = {"type": "reply", "message": message(3, 6, reactions={"👍": [BEN]})}
    again = world.ask("message.react", ANNA, answer, message="id 3", emoji="👍", on=True)
    assert world.removal.answered_at
    again.at = soon = world.removal.answered_at + 0.1
    frame = {"type": "changes", "room": ROOM, "position": 6, "messages": [answer["message"]]}
    world.receive(BEN, frame, soon + 0.1)
    assert "nothing_to_who_was_removed" not in world.found()
