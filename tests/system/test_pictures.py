"""Pictures that are made to cost: whoever sends them waits, and nobody else."""

import asyncio
import collections
import re
import time
import uuid
from io import BytesIO
from typing import Any

import httpx
import psutil
import pytest
from PIL import Image

from tests.conftest import Serve
from tests.support import pictures
from tests.support.live import Server
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

QUICK = 4.0
"""Seconds that something quick may take on two busy cores; what is slow here takes a minute."""
MIB = 1024 * 1024


def decoders(server: Server) -> int:
    """How many pictures are decoded at this moment."""
    assert server.process is not None
    found = 0
    for child in psutil.Process(server.process.pid).children(recursive=True):
        try:
            found += "mediachat.pictures.image_worker" in child.cmdline()
        except psutil.NoSuchProcess:
            pass
    return found


def memory_of_the_server(server: Server) -> int:
    """The resident set of the process that serves. Its children decode; one that has just begun
    still looks like the server itself, memory and all."""
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


def browser(client: OutsideClient) -> httpx.AsyncClient:
    """What a page of ours sends, after ``sign_in_by_form``."""
    token = re.search(r"csrftoken=(\w+)", client.cookies)
    assert token
    headers = {"Cookie": client.cookies, "X-CSRFToken": token[1], "Origin": client.url}
    return httpx.AsyncClient(base_url=client.url, headers=headers, timeout=90)


async def save_avatar(http: httpx.AsyncClient, content: bytes) -> httpx.Response:
    files = {"picture": ("me.png", content)}
    return await http.post("/accounts/profile/", data={"display_name": ""}, files=files)


def slow() -> bytes:
    """A valid picture that is within all bounds and takes seconds to decode."""
    return pictures.webp_to_be_turned(5_000)


async def test_one_persons_slow_pictures_keep_nobody_waiting(serve: Serve) -> None:
    server = serve(RATE_LIMITS="off")
    anna, ben = OutsideClient(server.url, "crowd0"), OutsideClient(server.url, "crowd1")
    await ben.sign_in_by_form()
    await anna.sign_in()
    async with ben:
        room = (await ben.command("room.open", kind="private", name="Quick"))["room"]["id"]
        content = slow()
        uploads = [
            asyncio.create_task(anna.upload(f"{n}.webp", content, "image/webp")) for n in range(8)
        ]
        async with asyncio.timeout(30):
            while not decoders(server):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        most = 0
        waited: dict[str, float] = {}

        async def timed(name: str, request: Any) -> httpx.Response:
            started = time.monotonic()
            answer: httpx.Response = await request
            waited[name] = time.monotonic() - started
            return answer

        async with browser(ben) as http:
            for n in range(3):
                most = max(most, decoders(server))
                message = {"client_id": str(uuid.uuid4()), "body": f"hello {n}"}
                for name, request in {
                    f"message {n}": http.post(f"/api/v1/rooms/{room}/messages", json=message),
                    f"text {n}": http.post("/api/v1/attachments", files={"file": ("a.txt", b"a")}),
                    f"picture {n}": http.post(
                        "/api/v1/attachments", files={"file": ("a.png", pictures.picture("PNG"))}
                    ),
                }.items():
                    answer = await timed(name, request)
                    assert answer.status_code == 201, answer.text
        assert not any(task.done() and task.exception() for task in uploads)
        assert sum(not task.done() for task in uploads) >= 3, "They were not slow enough."
        assert most == 1  # none of Ben's was decoded when we looked
        assert max(waited.values()) < QUICK, waited
        for task in uploads:
            task.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)
        # Nobody waits for the answers: what has not begun is not done any more.
        async with asyncio.timeout(30):
            while decoders(server):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            assert not decoders(server)


CROWD = 4
"""People who send slow pictures without end."""
AT_ONCE = 1.2
"""Seconds after which a small picture is stored, whatever others send: on two cores it is 0.2."""


@pytest.mark.alone
@pytest.mark.timeout(240)
@pytest.mark.parametrize("what", ["slow", "lying", "of 12 megapixels"])
async def test_a_small_picture_waits_for_nobodys_large_ones(serve: Serve, what: str) -> None:
    server = serve(RATE_LIMITS="off")
    ben = await OutsideClient(server.url, "crowd0").sign_in_by_form()
    name, content = {
        "slow": lambda: ("a.webp", slow()),
        "lying": lambda: ("a.webp", pictures.webp_to_be_turned(2_700)),
        "of 12 megapixels": lambda: ("a.jpg", pictures.picture("JPEG", (4_000, 3_000))),
    }[what]()
    stopped = asyncio.Event()
    others: collections.Counter[int] = collections.Counter()

    async def send_on(client: OutsideClient) -> None:
        async with client.http() as http:
            http.timeout = httpx.Timeout(120)
            while not stopped.is_set():
                answer = await http.post("/api/v1/attachments", files={"file": (name, content)})
                others[answer.status_code] += 1

    crowd = [await OutsideClient(server.url, f"crowd{n + 1}").sign_in() for n in range(CROWD)]
    tasks = [asyncio.create_task(send_on(each)) for each in crowd for _ in range(2)]
    small = pictures.picture("PNG", (60, 60))
    waited: list[float] = []
    async with browser(ben) as http:
        async with asyncio.timeout(30):
            while not decoders(server):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        for _ in range(20):
            started = time.monotonic()
            answer = await http.post("/api/v1/attachments", files={"file": ("a.png", small)})
            waited.append(time.monotonic() - started)
            assert answer.status_code == 201, answer.text
            await asyncio.sleep(0.2)
        started = time.monotonic()
        assert (await save_avatar(http, small)).status_code == 302
        waited.append(time.monotonic() - started)
    stopped.set()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(what, [round(each, 2) for each in waited], others)
    assert max(waited) < AT_ONCE, waited


async def test_a_picture_of_thousands_of_scans_is_not_decoded(serve: Serve) -> None:
    server = serve(RATE_LIMITS="off")
    anna = await OutsideClient(server.url, "crowd0").sign_in()
    content = pictures.jpeg_of_many_scans(2_500)
    async with anna.http() as http:
        http.timeout = httpx.Timeout(60)
        started = time.monotonic()
        answers = await asyncio.gather(
            *(
                http.post("/api/v1/attachments", files={"file": (f"{n}.jpg", content)})
                for n in range(8)
            )
        )
        took = time.monotonic() - started
    assert [(each.status_code, each.json()["problem"]) for each in answers] == [
        (201, "unreadable")
    ] * 8
    assert took < 20  # of decoding them all, four minutes


async def test_one_person_may_have_a_number_of_pictures_waiting(serve: Serve) -> None:
    server = serve(RATE_LIMITS="off")
    anna = await OutsideClient(server.url, "crowd0").sign_in()
    content = slow()
    async with anna.http() as http:
        http.timeout = httpx.Timeout(90)
        tasks = [
            asyncio.create_task(
                http.post("/api/v1/attachments", files={"file": (f"{n}.webp", content)})
            )
            for n in range(30)
        ]
        done, _ = await asyncio.wait(tasks, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        refused = [task.result() for task in done if task.result().status_code != 201]
        assert refused
        assert {each.json()["code"] for each in refused} == {"rate_limited"}
        assert "are waiting" in refused[0].json()["detail"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_twelve_avatars_at_once_cost_the_server_nothing(serve: Serve) -> None:
    server = serve()
    content = pictures.flat_png(5_000)
    assert len(content) < 100_000
    people = [await OutsideClient(server.url, f"crowd{n}").sign_in_by_form() for n in range(4)]
    pages = [browser(each) for each in people]
    for page in pages:
        assert (await page.get("/accounts/profile/")).status_code == 200
    before = memory_of_the_server(server)
    most = grown = 0
    tasks = [asyncio.create_task(save_avatar(page, content)) for page in pages for _ in range(3)]
    while not all(task.done() for task in tasks):
        most = max(most, decoders(server))
        grown = max(grown, memory_of_the_server(server) - before)
        await asyncio.sleep(0.05)
    assert {task.result().status_code for task in tasks} == {302}
    assert grown < 100 * MIB, f"{grown / MIB:.0f} MiB"
    assert 1 <= most <= 2
    for page in pages:
        shown = await page.get("/accounts/profile/")
        address = re.search(r'class="avatar" src="([^"]+)"', shown.text)
        assert address
        picture = await page.get(address[1])
        assert Image.open(BytesIO(picture.content)).size == (256, 256)
        await page.aclose()
    assert decoders(server) == 0


async def test_an_avatar_of_hundreds_of_scans_is_refused_with_a_reason(serve: Serve) -> None:
    server = serve()
    anna = await OutsideClient(server.url, "crowd0").sign_in_by_form()
    content = pictures.jpeg_of_many_scans(600)
    async with browser(anna) as http:
        started = time.monotonic()
        answer = await save_avatar(http, content)
        assert time.monotonic() - started < QUICK
        assert answer.status_code == 200
        assert "no picture that can be read" in answer.text
        # And no one changes their profile all day long.
        statuses = {(await save_avatar(http, b"x")).status_code for _ in range(20)}
        assert statuses == {200, 429}
