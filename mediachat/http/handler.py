"""Django's ASGI handler, which writes large bodies to disk outside the event loop."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO, Any
from uuid import uuid4

import django
from django.conf import settings
from django.core.exceptions import BadRequest, RequestAborted
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
)
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import QueryDict
from django.utils.functional import cached_property

BATCH = 256 * 1024
"""Bytes gathered for one call into a thread, which costs as much as writing them."""


class Request(ASGIRequest):
    """Django's request parses refused input again, a form for its charset or a query for its many
    fields: in each middleware, for the error page. That took seconds, ended in 500 and filled the
    log.
    """

    @cached_property
    def GET(self) -> QueryDict:  # type: ignore[override]  # noqa: N802
        self.__dict__["GET"] = QueryDict()
        return QueryDict(self.META["QUERY_STRING"])

    def _load_post_and_files(self) -> None:
        try:
            super()._load_post_and_files()
        except BadRequest:
            # As Django does itself if it cannot parse a form with files.
            self._mark_post_parse_error()  # type: ignore[attr-defined]
            raise


class Handler(ASGIHandler):
    """Django's own handler writes each piece of a body to disk in the event loop. A busy disk would
    then delay everyone's messages for as long as anyone uploads a large file.
    """

    request_class = Request

    async def read_body(
        self, receive: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> "SpooledTemporaryFile[bytes]":
        """Reads the request's body into memory or onto disk.

        Raises:
            RequestAborted: the client disconnected before its end.
        """
        in_memory = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
        file = SpooledTemporaryFile(  # noqa: SIM115
            max_size=in_memory, mode="w+b", dir=str(settings.FILE_UPLOAD_TEMP_DIR)
        )
        try:
            await _read(receive, file, in_memory)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file


async def _read(
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    file: "SpooledTemporaryFile[bytes]",
    in_memory: int,
) -> None:
    gathered: list[bytes] = []
    waiting = received = 0
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
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


class InMemory(MemoryFileUploadHandler):
    """Keeps small files of a form in memory."""

    chunk_size = BATCH


class Movable(UploadedFile):  # type: ignore[type-arg]
    """An unnamed file that gets a name at the moment of its move. Copying it to its place would
    cost as much as everything else together.
    """

    def temporary_file_path(self) -> str:
        """Returns a temporary name, from which Django's storage moves the file at once."""
        file: Any = self.file
        file.flush()
        name = f"{uuid4().hex}.upload"
        directory = os.open(settings.FILE_UPLOAD_TEMP_DIR, os.O_RDONLY)
        try:
            # With a directory Python makes the system follow the link, and otherwise not.
            nameless = f"/proc/self/fd/{file.fileno()}"
            os.link(nameless, name, dst_dir_fd=directory, follow_symlinks=True)
        finally:
            os.close(directory)
        return str(Path(settings.FILE_UPLOAD_TEMP_DIR) / name)


def _nameless() -> tuple[IO[bytes], type["UploadedFile[bytes]"]]:
    directory = str(settings.FILE_UPLOAD_TEMP_DIR)
    try:
        # Like TemporaryFile, but without O_EXCL, which forbids a name for ever.
        return os.fdopen(os.open(directory, os.O_TMPFILE | os.O_RDWR, 0o600), "w+b"), Movable
    except (AttributeError, OSError):  # not every system or file system has such files
        return TemporaryFile(dir=directory), UploadedFile


class Nameless(FileUploadHandler):
    """Stores large files of a form in unnamed files, which vanish when the process ends for any
    reason. A killed server would leave Django's own behind.
    """

    chunk_size = BATCH

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file, self.kind = _nameless()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        self.file.seek(0)
        return self.kind(
            self.file,
            self.file_name,
            self.content_type,
            file_size,
            self.charset,
            self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


def application() -> Handler:
    """Sets Django up and returns its application, as ``get_asgi_application`` does."""
    django.setup(set_prefix=False)
    return Handler()
