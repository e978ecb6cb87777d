"""A TCP proxy that fails as networks do."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

CHUNK = 65536


class Proxy:
    """Stands before one port of this machine. Use it as an async context manager.

    It can be ``cut`` (all connections are reset, and nobody is let in), be a ``black_hole``
    (everything is taken and nothing passed on; nobody is told) and be ``slow``. ``mend`` ends all
    three; what a black hole took is passed on then, as TCP's own repetitions would.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self._refuses = False
        self._delay = 0.0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=4096)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server
        self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """Resets all connections once; new ones are let in as before."""
        for end in list(self._ends):
            end.transport.abort()

    def cut(self) -> None:
        self._refuses = True
        self.reset()

    def black_hole(self) -> None:
        self._passes.clear()

    def slow(self, seconds: float) -> None:
        """Keeps each piece of data for this long, in both directions."""
        self._delay = seconds

    def mend(self) -> None:
        self._refuses = False
        self._delay = 0.0
        self._passes.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._ends.add(writer)
        try:
            if not self._refuses:
                await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._ends.discard(writer)
            self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passes.wait()
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._ends.add(up_writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, up_writer))
                both.create_task(self._pass_on(up_reader, writer))
        except* OSError:
            pass
        finally:
            up_writer.transport.abort()
            self._ends.discard(up_writer)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._passes.wait()
            if target.is_closing():
                return
            target.write(data)
            await target.drain()
        with contextlib.suppress(OSError):
            target.write_eof()
