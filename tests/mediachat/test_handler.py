import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import RequestAborted
from django.core.files.storage import FileSystemStorage

from mediachat.http.handler import BATCH, Handler, Nameless


def events(*bodies: bytes, ends: bool = True) -> Iterator[Any]:
    for number, body in enumerate(bodies, 1):
        yield {"type": "http.request", "body": body, "more_body": number < len(bodies) or not ends}
    yield {"type": "http.disconnect"}


async def read(come: Iterator[Any]) -> bytes:
    async def receive() -> Any:
        return next(come)

    with await Handler().read_body(receive) as body:
        return body.read()


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[list[tuple[bool, int]]]:
    """Each time that a body is written: whether in the loop's thread, and how many bytes."""
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    seen: list[tuple[bool, int]] = []

    class Noted(tempfile.SpooledTemporaryFile[bytes]):
        def writelines(self, lines: Iterable[Any]) -> None:
            lines = list(lines)
            seen.append(
                (threading.current_thread() is threading.main_thread(), sum(map(len, lines)))
            )
            super().writelines(lines)

    monkeypatch.setattr("mediachat.http.handler.SpooledTemporaryFile", Noted)
    yield seen


@pytest.mark.parametrize("size", [0, 1, 1000, 1001, BATCH, 3 * BATCH + 7])
@pytest.mark.parametrize("piece", [600, 65_536, 10 * BATCH])
async def test_what_was_sent_is_what_is_read(size: int, piece: int, settings: Any) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    sent = bytes(n % 251 for n in range(size))
    pieces = [sent[start : start + piece] for start in range(0, size, piece)] or [b""]
    assert await read(events(*pieces)) == sent


async def test_what_fits_into_memory_costs_no_thread(writes: list[tuple[bool, int]]) -> None:
    await read(events(b"x" * 500, b"y" * 500))
    assert writes == [(True, 1000)]


async def test_what_is_large_is_written_beside_the_loop_and_not_by_every_piece(
    writes: list[tuple[bool, int]],
) -> None:
    await read(events(*[b"x" * (BATCH // 8)] * 20))
    assert writes == [(False, BATCH), (False, BATCH), (False, BATCH // 2)]


async def test_whoever_goes_before_the_end_has_sent_nothing(writes: list[tuple[bool, int]]) -> None:
    with pytest.raises(RequestAborted):
        await read(events(b"x" * 2 * BATCH, b"y", ends=False))


@pytest.mark.parametrize("has_such_files", [True, False])
def test_a_large_file_has_no_name_until_it_is_stored(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, has_such_files: bool
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "incoming")
    (tmp_path / "incoming").mkdir()
    if not has_such_files:
        monkeypatch.delattr("os.O_TMPFILE")
        monkeypatch.setattr("tempfile._O_TMPFILE_WORKS", False)
    handler = Nameless()
    handler.new_file("file", "a.bin", "application/octet-stream", None)
    handler.receive_data_chunk(b"x" * 100_000, 0)
    file = handler.file_complete(100_000)
    assert not list((tmp_path / "incoming").iterdir())
    name = FileSystemStorage(tmp_path / "stored").save("a", file)
    assert (tmp_path / "stored" / name).read_bytes() == b"x" * 100_000
    assert not list((tmp_path / "incoming").iterdir())
