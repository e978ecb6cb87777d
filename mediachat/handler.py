"""Django's ASGI handler, with what is large written to disk beside the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from tempfile import SpooledTemporaryFile
from typing import Any

import django
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler

BATCH = 256 * 1024
"""Bytes gathered for one call into a thread, which costs as much as writing them."""


class Handler(ASGIHandler):
    """Django's own writes each piece of a body to disk in the event loop. A disk that is busy
    would then hold up everyone's messages for as long as anyone uploads a large file."""

    async def read_body(
        self, receive: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> "SpooledTemporaryFile[bytes]":
        """The request's body, in memory or on disk, ready to be read.

        Raises:
            RequestAborted: whoever sent it has gone before its end.
        """
        in_memory = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
        file = SpooledTemporaryFile(max_size=in_memory, mode="w+b")  # noqa: SIM115
        gathered: list[bytes] = []
        waiting = received = 0
        more = True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                file.close()
                raise RequestAborted
            body = event.get("body", b"")
            more = event.get("more_body", False)
            gathered.append(body)
            waiting += len(body)
            received += len(body)
            if more and waiting < BATCH:
                continue
            if received > in_memory:
                await asyncio.to_thread(file.writelines, gathered)
            else:
                file.writelines(gathered)
            gathered, waiting = [], 0
        file.seek(0)
        return file


def application() -> Handler:
    """Sets Django up and returns its application, as ``get_asgi_application`` does."""
    django.setup(set_prefix=False)
    return Handler()
