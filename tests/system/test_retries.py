"""A message is stored once, however often and over whatever broken connection it is sent."""

import asyncio
import contextlib
import uuid

from tests.support.live import Server, free_port
from tests.support.outside import ClosedError, OutsideClient


async def test_one_client_id_sent_fifty_times_at_once_is_one_message(server: Server):
    phone, laptop = (OutsideClient(server.url, "crowd0") for _ in range(2))
    async with phone, laptop:
        room = (await phone.command("room.open", kind="private", name="Retries"))["room"]["id"]
        await laptop.until(lambda: room in laptop.held)
        client_id = str(uuid.uuid4())

        async def by_http() -> dict:
            async with phone.http() as http:
                answer = await http.post(
                    f"/api/v1/rooms/{room}/messages", json={"client_id": client_id, "body": "once"}
                )
            assert answer.status_code in (200, 201), answer.text
            return answer.json().get("message", answer.json())

        answers = await asyncio.gather(
            *(phone.send(room, "once", client_id=client_id) for _ in range(20)),
            *(laptop.send(room, "once", client_id=client_id) for _ in range(20)),
            *(by_http() for _ in range(10)),
        )
        assert len(answers) == 50
        assert {answer["id"] for answer in answers} == {answers[0]["id"]}
        assert {answer["position"] for answer in answers} == {1}
        assert [message["body"] for message in await phone.history(room)] == ["once"]


class Cutter:
    """A TCP proxy that cuts the connection when the answer to a message comes back."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.listening_on = free_port()
        self.cut_answers = False
        self.cuts = 0

    @contextlib.asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.listening_on)
        try:
            yield f"http://127.0.0.1:{self.listening_on}"
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.port)

        async def upwards() -> None:
            while data := await reader.read(65536):
                up_writer.write(data)
                await up_writer.drain()

        async def downwards() -> None:
            while data := await up_reader.read(65536):
                if self.cut_answers and b'"type":"reply"' in data:
                    self.cuts += 1
                    writer.transport.abort()
                    return
                writer.write(data)
                await writer.drain()

        tasks = [asyncio.create_task(upwards()), asyncio.create_task(downwards())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in (writer, up_writer):
            each.close()


async def test_a_connection_cut_between_commit_and_answer_loses_and_doubles_nothing(
    server: Server,
):
    cutter = Cutter(server.port)
    async with cutter.running() as url:
        anna = OutsideClient(url, "crowd1")
        await anna.sign_in()
        await anna.connect()
        room = (await anna.command("room.open", kind="private", name="Cut"))["room"]["id"]
        for number in range(100):
            client_id = str(uuid.uuid4())
            cutter.cut_answers = True
            while True:
                try:
                    message = await anna.send(room, f"{number}", client_id=client_id)
                    break
                except ClosedError:
                    cutter.cut_answers = False
                    await anna.disconnect()
                    await anna.connect()
            assert message["number"] == number + 1
        assert cutter.cuts >= 100
        assert [message["body"] for message in await anna.history(room)] == [
            str(number) for number in range(100)
        ]
        assert anna.held[room].position == 100
        await anna.disconnect()
