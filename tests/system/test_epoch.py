"""A running server whose database is restored under it finds that out by itself."""

import asyncio

from tests.conftest import Serve
from tests.outside import ClosedError, OutsideClient


async def test_ready_tells_the_history_and_the_server(serve: Serve):
    server = serve()
    async with OutsideClient(server.url, "crowd0") as anna:
        epoch = anna.ready["epoch"]
        assert anna.ready["server"]["name"] == "Media Chat"
        assert anna.ready["server"]["version"]
    server.restart()
    async with OutsideClient(server.url, "crowd1") as ben:
        assert ben.ready["epoch"] == epoch


async def test_at_a_heartbeat_everyone_is_sent_away_and_comes_back_to_the_new_history(
    serve: Serve,
):
    server = serve(HEARTBEAT="1")
    async with OutsideClient(server.url, "crowd0") as anna:
        epoch = anna.ready["epoch"]
        server.manage("new_epoch")
        async with asyncio.timeout(5):
            assert await anna.closed == 1012
        async with OutsideClient(server.url, "crowd0") as again:
            assert again.ready["epoch"] != epoch
            room = next(iter(again.rooms))
            sent = await again.send(room, "goes on")
            assert await again.history(room) == [sent]
            await asyncio.sleep(2.5)  # and only once
            assert not again.closed.done()


async def test_it_is_found_by_whoever_connects(serve: Serve):
    server = serve(HEARTBEAT="60")
    async with OutsideClient(server.url, "crowd0") as anna:
        server.manage("new_epoch")
        try:
            async with OutsideClient(server.url, "crowd1") as ben:
                assert await ben.closed == 1012
        except ClosedError:
            pass  # before it was greeted
        async with asyncio.timeout(5):
            assert await anna.closed == 1012
        async with OutsideClient(server.url, "crowd1") as ben:
            assert ben.ready["epoch"] != anna.ready["epoch"]
