"""The commands of docs/OPERATIONS.md for SQLite, on a running server whose machine is then lost."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import databases
from tests.components import component
from tests.conftest import Serve
from tests.live import ROOT
from tests.outside import OutsideClient

pytestmark = pytest.mark.skipif(bool(databases.server()), reason="it is about files of SQLite")


def run_block(beginning: str, data: Path, backup: Path) -> None:
    """Runs the commands that follow these words."""
    document = (ROOT / "docs" / "OPERATIONS.md").read_text()
    block = re.search(rf"{re.escape(beginning)}[^\n]*\n\n((?:    .+\n)+)", document)
    assert block, beginning
    script = block[1].replace("/backup", str(backup))
    environment = {"DATA_DIR": str(data), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run(["sh", "-ec", script], env=environment, check=True)


async def test_what_was_backed_up_is_there_after_a_restore(serve: Serve, tmp_path: Path):
    component("sqlite3")
    server = serve(HEARTBEAT="2")
    backup = tmp_path / "backup"
    backup.mkdir()
    async with OutsideClient(server.url, "crowd0") as anna:
        room = (await anna.command("room.open", kind="private", name="Kept"))["room"]["id"]
        file = await anna.upload("kept.bin", b"kept" * 1000, "application/octet-stream")
        kept = await anna.send(room, "kept", attachments=[file["id"]])
        run_block("Back up, while the server runs", server.data_dir, backup)
        await anna.send(room, "written after the backup")
    server.kill()
    for path in server.data_dir.iterdir():
        if path.name != "static":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    # What a careless copy of a running database leaves behind.
    (server.data_dir / "db.sqlite3-wal").write_bytes(b"of another time")
    run_block("Restore, while it is stopped", server.data_dir, backup)
    server.start()
    # With the secret and the database everyone is still signed in.
    async with OutsideClient(server.url, "crowd0") as again:
        again.token = anna.token
        assert await again.history(room) == [kept]
        saved = await again.download(kept["attachments"][0]["url"])
        assert saved.content == b"kept" * 1000
