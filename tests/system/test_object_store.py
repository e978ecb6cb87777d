"""Files in an object store: the product's own server, and moto's S3 over HTTP."""

import io
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from PIL import Image

from tests import databases
from tests.conftest import Serve
from tests.support.live import ROOT, Server, free_port
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

BUCKET = "mediachat"
KEYS = {"access_key": "made-up", "secret_key": "made-up-as-well"}


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of an S3 server with nothing in it."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2):
                break
        except OSError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


@pytest.fixture(scope="module")
def options(store: str) -> str:
    """What MEDIA_STORAGE_OPTIONS says; the bucket is made by the script of deploy/."""
    made = json.dumps({"bucket_name": BUCKET, "endpoint_url": store, **KEYS})
    for _ in range(2):  # at every start of the containers
        subprocess.run(
            [sys.executable, str(ROOT / "deploy" / "bucket.py")],
            env={"MEDIA_STORAGE_OPTIONS": made},
            check=True,
            timeout=60,
        )
    return made


def bucket(store: str) -> Any:
    """The store itself."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=store,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
    )


def empty_store(store: str) -> None:
    for key in objects(store):
        bucket(store).delete_object(Bucket=BUCKET, Key=key)


def objects(store: str) -> dict[str, int]:
    """The keys in the bucket with their sizes, asked of the store itself."""
    found = bucket(store).list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"]: each["Size"] for each in found}


def served(serve: Serve, options: str, **settings: Any) -> Any:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    return serve(
        MEDIA_STORAGE=compose["x-app"]["environment"]["MEDIA_STORAGE"],
        MEDIA_STORAGE_OPTIONS=options,
        RATE_LIMITS="off",
        HEARTBEAT="2",
        **settings,
    )


def png() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((1200, 800), 90).save(out, "PNG")
    return out.getvalue()


@pytest.mark.timeout(180)
async def test_files_live_in_the_store_and_are_had_by_those_who_may_read_the_room(
    serve: Serve, store: str, options: str
):
    server = served(serve, options)
    anna, ben, outsider = (OutsideClient(server.url, f"crowd{n}") for n in range(3))
    async with anna, ben, outsider:
        room = (await anna.command("room.open", kind="private", name="Pictures"))["room"]["id"]
        await anna.command("room.add", room=room, members=["crowd1"])
        film = bytes(range(256)) * 8192  # 2 MiB
        picture = await anna.upload("view.png", png(), "image/png")
        document = await anna.upload("film.bin", film, "application/octet-stream")
        sent = await anna.send(room, "look", attachments=[picture["id"], document["id"]])
        assert len(objects(store)) == 3
        assert not list(server.data_dir.glob("media/**/*.*"))

        shown, saved = sent["attachments"]
        whole = await ben.download(shown["url"])
        assert Image.open(io.BytesIO(whole.content)).size == (1200, 800)
        small = await ben.download(shown["thumbnail_url"])
        assert small.headers["content-type"] == "image/webp"
        assert max(Image.open(io.BytesIO(small.content)).size) == 640
        assert (await ben.download(saved["url"])).content == film
        async with ben.http() as http:
            piece = await http.get(saved["url"], headers={"Range": "bytes=1000-1999"})
        assert piece.status_code == 206
        assert piece.content == film[1000:2000]

        # Each download asks again who may read the room, and no other door leads to the file.
        assert (await outsider.download(saved["url"])).status_code == 404
        assert (await OutsideClient(server.url, "").download(saved["url"])).status_code == 404
        await anna.command("room.remove", room=room, member="crowd1")
        assert (await ben.download(saved["url"])).status_code == 404

        await anna.command("message.delete", message=sent["id"])
        assert (await anna.download(saved["url"])).status_code == 404
        deadline = time.monotonic() + 10
        while objects(store) and time.monotonic() < deadline:
            time.sleep(0.2)  # noqa: ASYNC251
        assert objects(store) == {}


@pytest.mark.timeout(120)
async def test_pictures_of_people_are_had_from_the_server_itself(
    serve: Serve, store: str, options: str
):
    server = served(serve, options)
    anna, ben = OutsideClient(server.url, "crowd0"), OutsideClient(server.url, "crowd1")
    await anna.sign_in_by_form()
    csrf = re.search(r"csrftoken=(\w+)", anna.cookies)
    assert csrf
    headers = {"Cookie": anna.cookies, "X-CSRFToken": csrf[1]}
    async with ben, httpx.AsyncClient(base_url=server.url, headers=headers) as page:
        files = {"picture": ("me.png", png())}
        saved = await page.post("/accounts/profile/", data={"display_name": "A"}, files=files)
        assert saved.status_code == 302, saved.text
        room = (await ben.command("room.open", kind="private", name="Faces"))["room"]["id"]
        await ben.command("room.add", room=room, members=["crowd0"])
        await anna.sign_in()
        async with anna:
            told = [anna.ready["user"]]
        told += (await ben.command("people.get", usernames=["crowd0"]))["people"]
        members = (await ben.command("room.members", room=room))["members"]
        told += [each for each in members if each["username"] == "crowd0"]
        addresses = {each["avatar_url"] for each in told}
        assert len(told) == 3
        assert len(addresses) == 1
        (address,) = addresses
        assert re.fullmatch(r"/media/avatars/[0-9a-f]{32}\.webp", address)
        shown = (await page.get("/accounts/profile/")).text
        assert f'src="{address}"' in shown
        for text in (json.dumps(told), shown):
            assert KEYS["access_key"] not in text
            assert store.removeprefix("http://") not in text
        async with httpx.AsyncClient(base_url=server.url) as anyone:
            picture = await anyone.get(address)
            assert (await anyone.get("/media/avatars/unknown.webp")).status_code == 404
        assert picture.headers["content-type"] == "image/webp"
        assert Image.open(io.BytesIO(picture.content)).size == (256, 256)


@pytest.mark.timeout(120)
async def test_without_the_store_an_upload_fails_and_messages_go_on(serve: Serve):
    nowhere = f"http://127.0.0.1:{free_port()}"
    options = json.dumps({"bucket_name": BUCKET, "endpoint_url": nowhere, **KEYS})
    server = served(serve, options, expect_errors=True)
    async with OutsideClient(server.url, "crowd0") as anna:
        room = (await anna.command("room.open", kind="private", name="Alone"))["room"]["id"]
        async with anna.http() as http:
            http.timeout = httpx.Timeout(60)
            answer = await http.post("/api/v1/attachments", files={"file": ("x.bin", b"x" * 100)})
        assert answer.status_code == 500
        assert answer.json()["code"] == "server_error"
        assert (await anna.send(room, "still here"))["number"] == 1


@pytest.mark.timeout(180)
async def test_a_backup_leaves_files_in_the_store_or_takes_them_along(
    serve: Serve, store: str, options: str, tmp_path: Path
):
    server = served(serve, options)
    content = b"in the store" * 1000
    async with OutsideClient(server.url, "crowd0") as anna:
        room = (await anna.command("room.open", kind="private", name="Kept"))["room"]["id"]
        file = await anna.upload("kept.bin", content, "application/octet-stream")
        kept = await anna.send(room, "kept", attachments=[file["id"]])
    said = server.manage("backup", str(tmp_path / "alone"))
    assert "The files are in their object store, and not in this backup." in said
    server.manage("backup", str(tmp_path / "along"), "--with-stored-files")
    server.kill()
    (alone,), (along,) = (list((tmp_path / name).iterdir()) for name in ("alone", "along"))
    assert along.stat().st_size > alone.stat().st_size + len(content)

    def empty(name: str) -> Server:
        databases.assign(tmp_path / name)
        (tmp_path / name / "static").symlink_to(server.data_dir / "static")
        return Server(tmp_path / name, server.environment, port=server.port)

    with pytest.raises(AssertionError, match="store of files is not empty"):
        empty("refused").manage("restore", str(along))
    assert "they are in the object store" in empty("first").manage("restore", str(alone))
    empty_store(store)
    restored = empty("second")
    restored.manage("restore", str(along))
    restored.start()
    try:
        async with OutsideClient(server.url, "crowd0") as anna:
            assert await anna.history(room) == [kept]
            saved = await anna.download(kept["attachments"][0]["url"])
            assert saved.content == content
    finally:
        restored.stop()
