"""What must be so, whatever failed: questions to a history and to what everybody had in the end.

Each function here takes those two and returns the violations it found, in words. None of them
knows anything of the server, nor of the faults; docs/protocol.md has the promises.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from tests.system.chaos.history import Asked, Final, Frame, History, Received

GRACE = 3.0
"""Seconds in which what has no position, such as that somebody types, may still reach one who was
removed: a process that did not hear of it looks again at its next heartbeat, which is 2 s."""

CHANGES = ("message.edit", "message.delete", "message.react")
NOT_OF_THE_LOG = ("quote", "attachments")
"""Fields of a message that may read differently at the same position."""


def violations(history: History, final: Final) -> list[str]:
    """All that is wrong, by all of the rules; each is told a bounded number of times."""
    found = []
    for rule in RULES:
        told = list(dict.fromkeys(rule(history, final)))
        found += [f"{rule.__name__}: {each}" for each in told[:10]]
        if len(told) > 10:
            found.append(f"{rule.__name__}: … and {len(told) - 10} more")
    return found


# -- Nothing lost, nothing doubled ---------------------------------------------------------------


def each_message_once(history: History, final: Final) -> Iterator[str]:
    """What was acknowledged is stored once under what was acknowledged; nothing else is stored."""
    stored: dict[tuple[str, str], Frame] = {}
    for room, messages in final.stored.items():
        numbers = [message["number"] for message in messages]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"the numbers of {room} have gaps or come twice: {_around_the_break(numbers)}"
        for message in messages:
            key = (message["sender"], message["client_id"])
            if key in stored:
                yield f"doubled: {_brief(message)} and {_brief(stored[key])}"
            stored[key] = message
    sent: dict[tuple[str, str], Asked] = {}
    for asked in history.asked:
        if asked.kind == "message.send" and asked.fields["room"] in final.stored:
            sent[asked.user, asked.fields["client_id"]] = asked
    for key, asked in sent.items():
        kept, answer = stored.get(key), asked.answer
        if answer is None:
            yield f"never answered: {asked.fields}"
        elif answer["type"] == "error":
            if kept is not None and asked.attempts == 1:
                yield f"refused, and stored: {answer} {_brief(kept)}"
        elif kept is None:
            yield f"lost: {_brief(answer['message'])}"
        elif _named(kept) != _named(answer["message"]):
            yield f"acknowledged as {_brief(answer['message'])}, stored as {_brief(kept)}"
    for key in stored.keys() - sent.keys():
        yield f"nobody sent {_brief(stored[key])}"


# -- One order for everybody ---------------------------------------------------------------------


def one_order_for_everybody(history: History, final: Final) -> Iterator[str]:
    """Whoever is told of a position or of a number is told the same."""
    firsts: dict[str, Frame] = {}
    by_number: dict[tuple[str, int], str] = {}
    by_position: dict[tuple[str, int], Frame] = {}
    told = [(each.client, message) for each in history.received for message in _messages(each)]
    told += [("the history", message) for room in final.stored.values() for message in room]
    for client, message in told:
        first = firsts.setdefault(message["id"], message)
        for name in ("room", "number", "sender", "client_id", "created_at"):
            if message[name] != first[name]:
                yield f"{client}: {name} changed: {_brief(first)} → {_brief(message)}"
        at = (message["room"], message["number"])
        if by_number.setdefault(at, message["id"]) != message["id"]:
            yield f"{client}: two messages have the number {at}: {by_number[at]}, {message['id']}"
        at = (message["room"], message["position"])
        same = by_position.setdefault(at, message)
        if same is not message and _logged(same) != _logged(message):
            yield f"{client}: two states at {at}: {_brief(same)} and {_brief(message)}"


def live_positions_without_gaps(history: History, final: Final) -> Iterator[str]:
    """On each connection a live message follows the last one of its room by one position, or the
    one that ``heads`` told, from where the client asks itself."""
    heads: dict[tuple[str, int, str], int] = {}
    for each in history.received:
        frame, at = each.frame, (each.client, each.connection)
        match frame["type"]:
            case "ready":
                for room in frame["rooms"]:
                    heads[*at, room["id"]] = room["position"]
            case "room":
                heads.setdefault((*at, frame["room"]["id"]), frame["room"]["position"])
            case "room.removed":
                heads.pop((*at, frame["room"]), None)
            case "heads":
                for room, position in frame["rooms"].items():
                    if (*at, room) in heads:
                        heads[*at, room] = max(position, heads[*at, room])
            case "message":
                key = (*at, frame["room"])
                if key not in heads:
                    yield f"{at}: of a room it was not told of: {_brief(frame['message'])}"
                elif frame["position"] <= heads[key]:
                    yield f"{at}: {frame['position']} of {frame['room']} came twice"
                elif frame["position"] > heads[key] + 1:
                    yield f"{at}: a gap in {frame['room']}: {heads[key]} → {frame['position']}"
                if frame["position"] != frame["message"]["position"]:
                    yield f"{at}: at {frame['position']} is {_brief(frame['message'])}"
                heads[key] = max(heads.get(key, 0), frame["position"])


# -- Everybody has the same in the end -----------------------------------------------------------


def everybody_holds_what_is_stored(history: History, final: Final) -> Iterator[str]:
    """Messages, their edits, deletions and reactions, and the rooms themselves."""
    for client, held in final.held.items():
        mine = {room for room, who in final.members.items() if final.users[client] in who}
        if held.keys() != mine:
            yield f"{client} holds rooms {sorted(held)}, and is in {sorted(mine)}"
        for room in held.keys() & mine:
            stored = {message["id"]: message for message in final.stored[room]}
            for id in stored.keys() - held[room].keys():
                yield f"{client} lacks {_brief(stored[id])}"
            for id in held[room].keys() - stored.keys():
                yield f"{client} has what is not stored: {_brief(held[room][id])}"
            for id in held[room].keys() & stored.keys():
                if _logged(held[room][id]) != _logged(stored[id]):
                    yield f"{client} holds {_brief(held[room][id])} for {_brief(stored[id])}"


def changes_are_as_acknowledged(history: History, final: Final) -> Iterator[str]:
    """A message reads as its last acknowledged edit, is deleted if that was acknowledged, and has
    the reactions that were. Each is changed by one client, one change after the other."""
    stored = {message["id"]: message for room in final.stored.values() for message in room}
    bodies: dict[str, set[str]] = {}
    for asked in history.done("message.send"):
        assert asked.answer
        bodies[asked.answer["message"]["id"]] = {asked.fields["body"]}
    deleted: dict[str, set[bool]] = defaultdict(lambda: {False})
    reacted: dict[tuple[str, str, str], set[bool]] = {}
    for asked in history.asked:
        if asked.kind not in CHANGES:
            continue
        id = asked.fields["message"]
        match asked.kind:
            case "message.edit":
                bodies[id] = _after(asked, bodies.get(id, set()), asked.fields["body"])
            case "message.delete":
                deleted[id] = {True} if asked.is_done else _after(asked, deleted[id], True)
            case "message.react":
                key = (id, asked.fields["emoji"], asked.user)
                reacted[key] = _after(asked, reacted.get(key, {False}), asked.fields["on"])
    for id, message in stored.items():
        if message["deleted"] not in deleted[id]:
            yield f"deleted should be one of {deleted[id]}: {_brief(message)}"
        if not message["deleted"] and id in bodies and message["body"] not in bodies[id]:
            yield f"the text should be one of {sorted(bodies[id])}: {_brief(message)}"
    for (id, emoji, user), expected in reacted.items():
        kept = stored.get(id)
        if kept is None or kept["deleted"]:
            continue
        if (user in kept["reactions"].get(emoji, ())) not in expected:
            yield f"{emoji} of {user} should be {expected}: {_brief(kept)}"
    for id, message in stored.items():
        for emoji, who in message["reactions"].items():
            if len(set(who)) < len(who):
                yield f"{emoji} comes twice from one person: {_brief(message)}"
            for user in who:
                if (id, emoji, user) not in reacted:
                    yield f"{user} never reacted {emoji}: {_brief(message)}"


def _after(asked: Asked, before: set[Any], value: Any) -> set[Any]:
    """What may be so after this change, if one of these was so before."""
    if asked.is_done and not asked.may_be_done_later:
        return {value}
    return before | {value}


def read_marks_are_the_same(history: History, final: Final) -> Iterator[str]:
    """A person's clients agree with the server, which forgot nothing that was acknowledged."""
    least: Counter[tuple[str, str]] = Counter()
    for asked in history.done("room.read"):
        key = (asked.user, asked.fields["room"])
        least[key] = max(least[key], asked.fields["number"])
    for user, rooms in final.read.items():
        for room, number in rooms.items():
            if number < least[user, room]:
                yield f"{user} read {room} up to {least[user, room]}, the server says {number}"
    for client, marks in final.held_read.items():
        for room, number in marks.items():
            if number != (known := final.read[final.users[client]].get(room)):
                yield f"{client} takes {room} as read up to {number}, the server says {known}"


def rooms_are_called_the_same(history: History, final: Final) -> Iterator[str]:
    """Whoever renamed them, and whatever became of the news of it."""
    for client, names in final.held_names.items():
        for room, name in names.items():
            if name != (known := final.names[final.users[client]].get(room)):
                yield f"{client} takes {room} to be called {name!r}, the server says {known!r}"


# -- Nothing to whoever was removed --------------------------------------------------------------


def nothing_to_who_was_removed(history: History, final: Final) -> Iterator[str]:
    """From the answer to a removal until the person is let in again, they are sent no position of
    the room that was made after it; and soon nothing else of the room either."""
    for removal in history.done("room.remove", "room.leave"):
        assert removal.answered_at is not None
        room, who = removal.fields["room"], removal.fields.get("member", removal.user)
        until = min(
            (each.at for each in history.asked if _lets_in(each, room, who, removal.at)),
            default=float("inf"),
        )
        # What is asked for once and always new: the answer to a reaction that was there already,
        # or to a message sent again, has the position of long ago.
        later = [
            each.answer["message"]["position"]
            for each in history.done("message.send", "message.edit")
            if each.answer
            and each.attempts == 1
            and each.at > removal.answered_at
            and each.answer["message"]["room"] == room
        ]
        first_made_after = min(later, default=float("inf"))
        for each in history.received:
            if each.user != who or not removal.answered_at < each.at < until:
                continue
            if any(position >= first_made_after for position in _positions(each, room)):
                late = each.at - removal.answered_at
                yield f"{each.client}, {late:.3f} s after {removal.kind}: {_shortened(each.frame)}"
            elif _is_about(each.frame, room) and _is_late(history, removal.answered_at, each.at):
                yield f"{each.client}, long after {removal.kind}: {_shortened(each.frame)}"


def _lets_in(asked: Asked, room: str, who: str, after: float) -> bool:
    if asked.at <= after or asked.fields.get("room") != room:
        return False
    return (asked.kind == "room.join" and asked.user == who) or (
        asked.kind == "room.add" and who in asked.fields["members"]
    )


def _is_late(history: History, removed_at: float, at: float) -> bool:
    """Whether this long after a removal no fault explains that a frame was still under way."""
    return at > removed_at + GRACE and not any(
        failure.began <= at <= failure.ended + GRACE for failure in history.failures
    )


def _is_about(frame: Frame, room: str) -> bool:
    return frame["type"] in ("typing", "read", "message", "changes") and frame["room"] == room


# -- Parts of frames -----------------------------------------------------------------------------


def _messages(each: Received) -> Iterator[Frame]:
    if "message" in each.frame:
        yield each.frame["message"]
    yield from each.frame.get("messages", ())


def _positions(each: Received, room: str) -> Iterator[int]:
    """The positions of this room that a frame tells."""
    frame = each.frame
    for message in _messages(each):
        if message["room"] == room:
            yield message["position"]
    if frame["type"] == "changes" and frame["room"] == room:
        yield frame["position"]
    if frame["type"] == "heads" and room in frame["rooms"]:
        yield frame["rooms"][room]
    if frame["type"] == "room" and frame["room"]["id"] == room:
        yield frame["room"]["position"]


def _logged(message: Frame) -> Frame:
    return {name: value for name, value in message.items() if name not in NOT_OF_THE_LOG}


def _named(message: Frame) -> tuple[str, int]:
    return message["id"], message["number"]


def _brief(message: Frame) -> str:
    names = ("room", "number", "position", "sender", "body", "deleted", "reactions", "client_id")
    return " ".join(f"{name}={message[name]!r}" for name in names)


def _shortened(frame: Frame) -> str:
    text = repr(frame)
    return text if len(text) < 300 else f"{text[:300]}…"


def _around_the_break(numbers: list[int]) -> list[int]:
    at = next(n for n, number in enumerate(numbers) if number != n + 1)
    return numbers[max(0, at - 2) : at + 3]


RULES: tuple[Callable[[History, Final], Iterator[str]], ...] = (
    each_message_once,
    one_order_for_everybody,
    live_positions_without_gaps,
    everybody_holds_what_is_stored,
    changes_are_as_acknowledged,
    read_marks_are_the_same,
    rooms_are_called_the_same,
    nothing_to_who_was_removed,
)
