"""A command that is not defined as it should be stops the server at its start."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Literal

import pytest

from accounts.models import User
from chat import protocol
from chat.actions.batches import Change
from chat.commands import registry
from chat.commands.registry import Definition, Runs, Socket
from chat.throttling.prices import Price
from tests.support.live import ROOT


class Dance(protocol.Command):
    """Dances."""

    reply = protocol.Done
    type: Literal["dance"]


def _dance(user: User, command: Dance) -> protocol.Done:
    return protocol.DONE


def _problems(
    handler: Callable[..., Any] = _dance,
    runs: Runs = Runs.DB_POOL,
    price: Price | None = Price(1),  # noqa: B008
    request: type[protocol.Command] = Dance,
) -> list[str]:
    return registry.problems([request], {request: Definition(request, handler, runs, price, None)})


def test_every_command_is_defined():
    assert registry.problems(protocol.COMMANDS, registry._definitions) == []
    registry.check()


def test_a_command_without_a_handler_is_a_problem():
    (problem,) = registry.problems([Dance], {})
    assert "Dance has no handler: write one in chat/commands/" in problem


def test_a_command_without_a_price_is_a_problem():
    (problem,) = _problems(price=None)
    assert "Dance has no price: give it one in `@command(protocol.Dance, price=" in problem


def test_a_command_without_a_reply_is_a_problem():
    class Silent(protocol.Command):
        type: Literal["silent"]

    (problem,) = _problems(request=Silent)
    assert "Silent has no reply" in problem


def test_a_command_that_is_not_listed_is_a_problem():
    definition = Definition(Dance, _dance, Runs.DB_POOL, Price(1), None)
    (problem,) = registry.problems([], {Dance: definition})
    assert "add it there" in problem


def test_a_handler_returns_what_its_command_promises():
    # The registry reads signatures: none of these handlers, nor those below, is ever called.
    def other(user: User, command: Dance) -> protocol.RoomReply:
        raise NotImplementedError

    def unsaid(user: User, command: Dance):
        raise NotImplementedError

    def sometimes(user: User, command: Dance) -> protocol.Done | None:
        raise NotImplementedError

    for handler in (other, unsaid, sometimes):
        (problem,) = _problems(handler)
        assert "annotate it with `-> Done`" in problem, handler
    assert _problems() == []


def test_a_handler_of_the_event_loop_may_be_done_later_if_it_has_nothing_to_add():
    async def later(socket: Socket, command: Dance) -> protocol.Done | asyncio.Future[None]:
        raise NotImplementedError

    assert _problems(later, Runs.EVENT_LOOP) == []
    assert len(_problems(later, Runs.DB_POOL)) == 2  # and is no plain function


def test_what_writes_to_the_log_is_answered_with_the_message():
    async def write(user: User, command: Dance) -> Change:
        raise NotImplementedError

    class Moves(protocol.Command):
        reply = protocol.MessageReply
        type: Literal["moves"]

    assert _problems(write, Runs.LOG_WRITE, request=Moves) == []
    (problem,) = _problems(write, Runs.LOG_WRITE)
    assert "answered with MessageReply" in problem


@pytest.mark.parametrize("runs", [Runs.EVENT_LOOP, Runs.LOG_WRITE])
def test_only_the_pool_calls_plain_functions(runs: Runs):
    assert any("make it `async def`" in problem for problem in _problems(runs=runs))


def test_the_server_does_not_start_with_a_command_that_is_not_defined():
    program = """
import chat.protocol as protocol
class Dance(protocol.Command):
    pass
protocol.COMMANDS = (*protocol.COMMANDS, Dance)
import mediachat.asgi
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode
    assert "ImportError: Dance has no reply" in run.stderr
