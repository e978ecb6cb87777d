"""A message is stored on one way, which the map in docs/ARCHITECTURE.md draws."""

import re
import sys
import uuid
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from chat.actions import batches
from chat.actions.drafts import Draft
from chat.message_log import listeners
from chat.message_log.entry import RoomChanges
from chat.models import Room
from tests.support.drafts import draft_of

pytestmark = pytest.mark.django_db(transaction=True)

TOOLS = ("chat.models", "chat.protocol", "chat.rendering", "chat.message_log.compiled_queries")
"""Used all along the way, as Django is, and no part of it."""


def _entered(caller: FrameType | None, callee: FrameType) -> str | None:
    """The module whose function is called from another of the chat's modules, or from outside.

    The methods of what an earlier call returned are a part of that call, and so is what it left to
    be done at the commit.
    """
    name, code = callee.f_globals.get("__name__", ""), callee.f_code
    if not name.startswith("chat.") or name.startswith(TOOLS):
        return None
    if code.co_name.startswith("<") or code.co_filename == "<string>":  # a lambda, a dataclass
        return None
    if code.co_varnames[: code.co_argcount][:1] == ("self",):
        return None
    before = caller
    while before and not before.f_globals.get("__name__", "").startswith("chat."):
        before = before.f_back
    came_from = before.f_globals["__name__"] if before else ""
    return None if came_from == name else name.removeprefix("chat.")


def _modules_entered(draft: Draft) -> list[str]:
    found: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and (name := _entered(frame.f_back, frame)):
            found.append(name)

    sys.setprofile(note)
    try:
        (stored,) = batches.store([draft])
    finally:
        sys.setprofile(None)
    assert not isinstance(stored, Exception)
    return found


def test_a_message_is_stored_on_the_way_that_is_drawn(owner: User, private_room: Room) -> None:
    for body in ("the first compiles queries", "the second goes the same way"):
        entered = _modules_entered(draft_of(owner, private_room.pk, body))
    page = Path(settings.BASE_DIR, "docs", "ARCHITECTURE.md").read_text()
    (drawing,) = re.findall(r"```text\n(actions\.batches.*?)```", page, re.DOTALL)
    assert entered == re.findall(r"^[ ]*([\w.]+)", drawing, re.MULTILINE)
    assert len(entered) == len(set(entered)), "a module is entered twice for one message"


# -- Who hears of it ---------------------------------------------------------------------------


def test_a_listener_that_fails_takes_nothing_from_the_others(
    owner: User, private_room: Room
) -> None:
    heard: list[RoomChanges] = []

    def fails(changes: Any) -> None:
        raise RuntimeError("the search index is away")

    listeners.register(fails)
    listeners.register(heard.extend)
    try:
        draft = draft_of(owner, private_room.pk, "hello")
        (stored,) = batches.store([draft])
    finally:
        listeners.unregister(fails)
        listeners.unregister(heard.extend)
    assert not isinstance(stored, Exception)
    ((told,),) = [each.entries for each in heard]
    assert (told.position, told.number, told.id) == (1, 1, str(draft.id))
    assert told.encoded == stored.encoded


def test_nobody_hears_of_what_was_rolled_back(owner: User, private_room: Room) -> None:
    heard: list[RoomChanges] = []
    listeners.register(heard.extend)
    try:
        (refused,) = batches.store([draft_of(owner, uuid.uuid4(), "hello")])
    finally:
        listeners.unregister(heard.extend)
    assert isinstance(refused, Exception)
    assert heard == []
