"""Who moderates, beside the fixed cast, and what most tests of the chat do."""

import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from chat.actions import messages
from chat.concurrency import executors
from chat.models import Message, Room
from chat.moderation import moderators
from chat.protocol import ChatError, ErrorCode
from chat.realtime.reconciler import Reconciler
from chat.runtime import Runtime
from tests.conftest import person


@pytest.fixture
def moderator(db: None) -> User:
    user = person("moderator", is_staff=True)
    group = Group.objects.get(name=moderators.NAME)
    User.groups.through.objects.bulk_create([User.groups.through(user=user, group=group)])
    return user


@pytest.fixture
def staff(db: None) -> User:
    """Someone who may open the admin, and do nothing there."""
    return person("staff", is_staff=True)


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    """What a server process has, in the test's own loop."""
    made = Runtime()
    yield made
    await made.stop()


@pytest.fixture
def connections_closed() -> Iterator[None]:
    """For tests whose code asks the database in threads of the pool."""
    yield
    executors.close_connections()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """What is asked of the database, from all threads; no heartbeat asks anything meanwhile."""
    settings.HEARTBEAT = 3600.0
    monkeypatch.setattr(Reconciler, "soon", lambda self: None)
    asked: list[str] = []
    lock = threading.Lock()

    def noting(original: Any) -> Any:
        def run(self: Any, sql: Any, params: Any = None) -> Any:
            with lock:
                asked.append(str(sql))
            return original(self, sql, params)

        return run

    for name in ("execute", "executemany"):
        monkeypatch.setattr(CursorWrapper, name, noting(getattr(CursorWrapper, name)))
    return asked


def say(user: User, room: Room, body: str = "hello", **fields: Any) -> Message:
    fields.setdefault("client_id", uuid.uuid4())
    return messages.send_message(user, room=room.pk, body=body, **fields)


def refused(code: ErrorCode, action: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Asserts that this is refused with the code; returns why."""
    with pytest.raises(ChatError) as refusal:
        action(*args, **kwargs)
    assert refusal.value.code is code, refusal.value.detail
    return refusal.value.detail
