"""What a server process has is made at its start, handed to connections, and stopped in order."""

import asyncio
from typing import Any

from django.http import HttpRequest
from django.test import AsyncRequestFactory

from chat.runtime import KEY, Runtime, lifespan, runtime_of


async def _served(scope: dict[str, Any]) -> "tuple[asyncio.Queue[Any], list[str], asyncio.Task]":
    told: asyncio.Queue[Any] = asyncio.Queue()
    answers: list[str] = []
    started = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        answers.append(message["type"])
        started.set()

    serving = asyncio.create_task(lifespan(scope, told.get, send))
    await told.put({"type": "lifespan.startup"})
    await asyncio.wait_for(started.wait(), 5)
    return told, answers, serving


async def test_connections_are_handed_what_was_made_at_the_start() -> None:
    scope: dict[str, Any] = {"type": "lifespan", "state": {}}
    told, answers, serving = await _served(scope)
    made = scope["state"][KEY]
    assert runtime_of({"type": "websocket", "state": scope["state"].copy()}) is made
    request: Any = AsyncRequestFactory().get("/")
    request.scope["state"] = scope["state"].copy()
    assert runtime_of(request) is made
    await told.put({"type": "lifespan.shutdown"})
    await asyncio.wait_for(serving, 5)
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_server_that_tells_of_no_start_has_one_for_its_loop() -> None:
    first = runtime_of({"type": "websocket"})
    assert runtime_of({"type": "http", "state": {}}) is first
    assert runtime_of(HttpRequest()) is first
    assert first.loop is asyncio.get_running_loop()


async def test_nothing_of_it_goes_on_after_the_end() -> None:
    before = asyncio.all_tasks()
    runtime = Runtime()
    running = asyncio.all_tasks() - before
    assert running
    await runtime.stop()
    await asyncio.wait(running, timeout=5)
    assert asyncio.all_tasks() == before
