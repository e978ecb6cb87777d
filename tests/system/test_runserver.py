"""What `make run` serves, on daphne: it closes sockets as the production server does."""

import asyncio
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live import Seeded, Server
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once


class DevelopmentServer(Server):
    def command(self) -> str:
        arguments = f"manage.py runserver {self.port} --noreload --skip-checks"
        return f"exec {shlex.quote(sys.executable)} {arguments}"


@pytest.fixture
def server(seeded: Seeded, tmp_path: Path) -> Iterator[Server]:
    server = DevelopmentServer(seeded.copy(tmp_path / "data"), {"DEBUG": "1"})
    server.start()
    yield server
    server.stop()
    server.assert_no_exception_logged()


@pytest.mark.parametrize("size", [64 * 1024 + 1, 3_000_000])
async def test_a_frame_over_the_limit_closes_the_socket_with_1009(server: Server, size: int):
    anna = await (await OutsideClient(server.url, "crowd0").sign_in()).connect()
    frame = json.dumps({"type": "ping", "ref": ""})
    await anna.raw(frame[:-2] + "x" * (size - len(frame)) + frame[-2:])
    assert await asyncio.wait_for(anna.closed, 5) == 1009
    await anna.disconnect()


async def test_a_server_that_ends_says_come_back(server: Server):
    anna = await (await OutsideClient(server.url, "crowd0").sign_in()).connect()
    await asyncio.to_thread(server.stop)
    assert await asyncio.wait_for(anna.closed, 5) == 1012
    await anna.disconnect()
