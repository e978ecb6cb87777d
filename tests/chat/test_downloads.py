"""Files are had by those who may read the room now, in pieces, and never as pages."""

import asyncio
import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.core import signing
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient
from django.utils import timezone
from django.utils.http import parse_header_parameters

from chat import serializers
from chat.actions.attachments import store_attachment
from chat.actions.messages import delete_message, send_message
from chat.api import downloads
from chat.models import Attachment, Membership
from chat.models import Message as ChatMessage
from tests.support import pictures

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Room

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = bytes(range(256)) * 4


def uploaded(user: "User", name: str = "x.bin", content: bytes = TEXT) -> Attachment:
    return store_attachment(user, file=SimpleUploadedFile(name, content))


def shared(user: "User", room: "Room", *files: Attachment) -> ChatMessage:
    return send_message(
        user, room=room.pk, client_id=uuid.uuid4(), attachments=[file.pk for file in files]
    )


def signed_in(user: "User") -> AsyncClient:
    client = AsyncClient()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def token_of(user: "User") -> str:
    return signed_in(user).cookies["sessionid"].value


def address(file: Attachment, thumbnail: bool = False) -> str:
    return f"/media/{file.pk}/{'thumbnail' if thumbnail else 'a-name'}"


async def content_of(response: Any) -> bytes:
    if not response.streaming:
        return bytes(response.content)
    return b"".join([piece async for piece in response.streaming_content])


# -- Who -------------------------------------------------------------------------------------


async def test_a_file_that_no_message_shows_is_its_uploaders_alone(
    owner: "User", member: "User"
) -> None:
    file = await sync_to_async(uploaded)(owner)
    assert (await (await sync_to_async(signed_in)(owner)).get(address(file))).status_code == 200
    assert (await (await sync_to_async(signed_in)(member)).get(address(file))).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("member", 200), ("outsider", 404), ("suspended", 404), ("anonymous", 404)],
)
async def test_a_file_in_a_room_is_for_those_who_may_read_it(
    who: str, status: int, private_room: "Room", owner: "User", request: pytest.FixtureRequest
) -> None:
    user = await sync_to_async(request.getfixturevalue)(who)
    file = await sync_to_async(uploaded)(owner, "x.png", pictures.picture("PNG"))
    await sync_to_async(shared)(owner, private_room, file)
    client = AsyncClient()
    if who != "anonymous":
        client = await sync_to_async(signed_in)(user)
    nothing = await client.get(f"/media/{uuid.uuid4()}/a-name")
    for thumbnail in (False, True):
        response = await client.get(address(file, thumbnail))
        assert response.status_code == status
        if status == 404:
            assert response.content == nothing.content
            assert dict(response.headers) == dict(nothing.headers)


async def test_whoever_leaves_the_room_has_its_files_no_longer(
    private_room: "Room", owner: "User", member: "User"
) -> None:
    file = await sync_to_async(uploaded)(owner)
    await sync_to_async(shared)(owner, private_room, file)
    client = await sync_to_async(signed_in)(member)
    assert (await client.get(address(file))).status_code == 200
    await Membership.objects.filter(user=member, room=private_room).adelete()
    assert (await client.get(address(file))).status_code == 404


async def test_an_uploader_who_left_the_room_has_the_file_no_longer(
    private_room: "Room", member: "User"
) -> None:
    file = await sync_to_async(uploaded)(member)
    await sync_to_async(shared)(member, private_room, file)
    await Membership.objects.filter(user=member, room=private_room).adelete()
    client = await sync_to_async(signed_in)(member)
    assert (await client.get(address(file))).status_code == 404


async def test_a_hidden_message_hides_its_files(private_room: "Room", owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner)
    message = await sync_to_async(shared)(owner, private_room, file)
    client = await sync_to_async(signed_in)(owner)
    await ChatMessage.objects.filter(pk=message.pk).aupdate(hidden_at=timezone.now())
    assert (await client.get(address(file))).status_code == 404
    await ChatMessage.objects.filter(pk=message.pk).aupdate(hidden_at=None)
    assert (await client.get(address(file))).status_code == 200


def test_a_deleted_message_takes_its_files_with_it(private_room: "Room", owner: "User") -> None:
    from chat.concurrency.executors import close_connections

    file = uploaded(owner, "x.png", pictures.picture("PNG"))
    message = shared(owner, private_room, file)
    delete_message(owner, message=message.pk)
    assert not Attachment.objects.filter(pk=file.pk).exists()
    close_connections()  # waits for the threads
    for name in (file.file.name, file.thumbnail.name):
        assert name and not default_storage.exists(name)


async def test_a_session_token_opens_files_and_a_wrong_one_is_not_made_up_for(
    owner: "User",
) -> None:
    file = await sync_to_async(uploaded)(owner)
    token = await sync_to_async(token_of)(owner)
    plain = AsyncClient()
    assert (await plain.get(address(file), headers={"X-Session-Token": token})).status_code == 200
    client = await sync_to_async(signed_in)(owner)
    assert (
        await client.get(address(file), headers={"X-Session-Token": "wrong"})
    ).status_code == 404
    assert (await client.get(address(file) + "?key=wrong")).status_code == 404


# -- Keys ------------------------------------------------------------------------------------


async def test_a_key_opens_one_file_for_one_person_for_a_while(
    owner: "User", member: "User", monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = await sync_to_async(uploaded)(owner), await sync_to_async(uploaded)(owner)
    key = downloads.key_for(owner, file.pk)
    client = AsyncClient()
    response = await client.get(f"{address(file)}?key={key}")
    assert response.status_code == 200
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert (await client.get(f"{address(other)}?key={key}")).status_code == 404
    others = downloads.key_for(member, file.pk)
    assert (await client.get(f"{address(file)}?key={others}")).status_code == 404
    monkeypatch.setattr(downloads, "KEY_LIFETIME", -1)
    assert (await client.get(f"{address(file)}?key={key}")).status_code == 404


async def test_a_key_of_someone_who_is_suspended_opens_nothing(owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner)
    key = downloads.key_for(owner, file.pk)
    owner.is_active = False
    await owner.asave()
    assert (await AsyncClient().get(f"{address(file)}?key={key}")).status_code == 404


@pytest.mark.once
@pytest.mark.parametrize("key", ["", "x", "a.b:c:d", "é", "." * 500])
async def test_a_made_up_key_opens_nothing(owner: "User", key: str) -> None:
    file = await sync_to_async(uploaded)(owner)
    response = await AsyncClient().get(address(file), {"key": key})
    assert response.status_code == 404
    signed = signing.TimestampSigner().sign(f"{file.pk.hex}.{owner.pk.hex}")
    assert (await AsyncClient().get(address(file), {"key": signed})).status_code == 404


# -- Never as a page -------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "content", "content_type", "inline"),
    [
        ("x.png", pictures.picture("PNG"), "image/png", True),
        ("x.mp4", pictures.MP4, "video/mp4", True),
        ("x.html", pictures.HTML, "application/octet-stream", False),
        ("x.svg", pictures.SVG, "application/octet-stream", False),
        ("x.pdf", b"%PDF-1.7", "application/octet-stream", False),
        ("x.xml", b"<?xml version='1.0'?><x/>", "application/octet-stream", False),
        ("x.txt", b"hello", "application/octet-stream", False),
        ("x.jpg", pictures.heic(), "application/octet-stream", False),
        ("x.png", pictures.picture("PNG")[:30], "application/octet-stream", False),
        ('"; filename="x.html', b"hello", "application/octet-stream", False),
    ],
)
async def test_only_pictures_sound_and_film_are_shown_in_place(
    owner: "User", name: str, content: bytes, content_type: str, inline: bool
) -> None:
    file = await sync_to_async(uploaded)(owner, name, content)
    client = await sync_to_async(signed_in)(owner)
    response = await client.get(address(file))
    assert response["Content-Type"] == content_type
    way, told = parse_header_parameters(response["Content-Disposition"])
    assert way == ("inline" if inline else "attachment")
    assert told["filename"] == name
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"].startswith("private, max-age=")


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("notes (1).txt", 'filename="notes (1).txt"'),
        (".gitignore", 'filename=".gitignore"'),
        ("Übersicht “neu”.txt", "filename*=UTF-8''%C3%9Cbersicht%20%E2%80%9Cneu%E2%80%9D.txt"),
        ("\u0645\u06cc\u200c\u062e.txt", "filename*=UTF-8''%D9%85%DB%8C%E2%80%8C%D8%AE.txt"),
        (
            'He said "hi".txt',
            "filename=\"He said _hi_.txt\"; filename*=UTF-8''He%20said%20%22hi%22.txt",
        ),
        ("50%20.txt", "filename=\"50_20.txt\"; filename*=UTF-8''50%2520.txt"),
        ("a\\b's.txt", "filename=\"a_b's.txt\"; filename*=UTF-8''a%5Cb%27s.txt"),
    ],
)
async def test_a_name_is_told_so_that_it_can_be_read_in_one_way_only(
    owner: "User", name: str, told: str
) -> None:
    file = await sync_to_async(uploaded)(owner, name)
    response = await (await sync_to_async(signed_in)(owner)).get(address(file))
    assert response["Content-Disposition"] == f"attachment; {told}"


@pytest.mark.once
async def test_a_file_may_be_called_thumbnail(owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner, "thumbnail", b"text")
    response = await (await sync_to_async(signed_in)(owner)).get(serializers.attachment(file).url)
    assert await content_of(response) == b"text"
    assert response["Content-Disposition"] == 'attachment; filename="thumbnail"'


# -- Pieces ----------------------------------------------------------------------------------

SIZE = len(TEXT)


@pytest.mark.once
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, SIZE),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, SIZE),
        ("bytes=1000-5000", 1000, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-5000", 0, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (" bytes = 5 - 9 ", 5, 10),
    ],
)
async def test_a_range_is_answered_with_that_piece(
    owner: "User", asked: str, start: int, end: int
) -> None:
    file = await sync_to_async(uploaded)(owner)
    client = await sync_to_async(signed_in)(owner)
    response = await client.get(address(file), headers={"Range": asked})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert response["Content-Length"] == str(end - start)
    assert await content_of(response) == TEXT[start:end]


@pytest.mark.once
@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=5000-6000", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused(owner: "User", asked: str) -> None:
    file = await sync_to_async(uploaded)(owner)
    client = await sync_to_async(signed_in)(owner)
    response = await client.get(address(file), headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.once
@pytest.mark.parametrize(
    "asked",
    ["", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-1", "bytes=0-1,5-6", "lines=0-1",
     "bytes=" + "9" * 100 + "-"],
)  # fmt: skip
async def test_a_range_that_is_none_gives_the_whole_file(owner: "User", asked: str) -> None:
    file = await sync_to_async(uploaded)(owner)
    client = await sync_to_async(signed_in)(owner)
    response = await client.get(address(file), headers={"Range": asked})
    assert response.status_code == 200
    assert await content_of(response) == TEXT


@pytest.mark.once
async def test_an_empty_file_is_downloaded_whole(owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner, "empty.txt", b"")
    client = await sync_to_async(signed_in)(owner)
    response = await client.get(address(file))
    assert response.status_code == 200 and await content_of(response) == b""


@pytest.mark.once
async def test_head_tells_all_but_the_content(owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner)
    client = await sync_to_async(signed_in)(owner)
    response = await client.head(address(file))
    assert response.status_code == 200 and response["Content-Length"] == str(SIZE)
    assert response["Accept-Ranges"] == "bytes" and response["ETag"]
    assert await content_of(response) == b""


@pytest.mark.once
async def test_what_the_browser_holds_is_not_sent_again(owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner)
    client = await sync_to_async(signed_in)(owner)
    etag = (await client.head(address(file)))["ETag"]
    for known in (etag, f"W/{etag}", f'"other",{etag}', "*"):
        response = await client.get(address(file), headers={"If-None-Match": known})
        assert response.status_code == 304
    old = await client.get(address(file), headers={"Range": "bytes=0-0", "If-Range": '"old"'})
    assert old.status_code == 200
    new = await client.get(address(file), headers={"Range": "bytes=0-0", "If-Range": etag})
    assert new.status_code == 206


@pytest.mark.once
async def test_files_are_only_read(owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner)
    client = await sync_to_async(signed_in)(owner)
    for send in (client.post, client.put, client.delete, client.patch):
        response = await send(address(file))
        assert response.status_code == 405
        assert response.json()["code"] == "bad_request"


@pytest.mark.once
async def test_a_large_file_comes_in_pieces(owner: "User") -> None:
    content = b"x" * (downloads.CHUNK * 3 + 5)
    file = await sync_to_async(uploaded)(owner, "x.bin", content)
    client = await sync_to_async(signed_in)(owner)
    response: Any = await client.get(address(file))
    sizes = [len(piece) async for piece in response.streaming_content]
    assert sizes == [downloads.CHUNK] * 3 + [5]


@pytest.mark.once
async def test_a_file_that_the_store_lost_is_not_found(owner: "User") -> None:
    file = await sync_to_async(uploaded)(owner)
    default_storage.delete(file.file.name or "")
    client = await sync_to_async(signed_in)(owner)
    assert (await client.get(address(file))).status_code == 404


@pytest.mark.once
async def test_a_slow_store_holds_none_of_the_loops_own_threads() -> None:
    """Bodies are written to disk and health is asked in those."""
    release = threading.Event()

    class Slow:
        def read(self, size: int, /) -> bytes:
            release.wait(20)
            return b""

        def close(self) -> None:
            pass

    async def read() -> None:
        async for _ in downloads.chunks(Slow(), 1):
            pass

    readers = [asyncio.create_task(read()) for _ in range(50)]
    await asyncio.sleep(0.1)
    try:
        async with asyncio.timeout(3):
            assert await asyncio.to_thread(str, 1) == "1"
    finally:
        release.set()
        await asyncio.gather(*readers)
