"""static/chat/protocol.js says the same as chat/protocol/."""

import json
import shutil
import subprocess
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chat import protocol
from chat.management.commands.protocol_reference import wire_type
from tests.support.live import ROOT


def test_the_script_in_the_repository_is_current():
    call_command("protocol_constants", check=True, stdout=StringIO())


def test_a_stale_script_is_found(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "static" / "chat").mkdir(parents=True)
    with pytest.raises(CommandError, match="out of date"):
        call_command("protocol_constants", check=True, stdout=StringIO())
    call_command("protocol_constants", stdout=StringIO())
    call_command("protocol_constants", check=True, stdout=StringIO())
    script = tmp_path / "static" / "chat" / "protocol.js"
    script.write_text(script.read_text().replace("4429", "4430"))
    with pytest.raises(CommandError, match="out of date"):
        call_command("protocol_constants", check=True, stdout=StringIO())


def test_what_programs_import_is_what_the_server_means():
    script = json.dumps(str(ROOT / "static" / "chat" / "protocol.js"))
    program = f"console.log(JSON.stringify(await import({script})))"
    node = shutil.which("node")
    assert node
    run = subprocess.run(
        [node, "--input-type=module", "-e", program], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(run.stdout)
    assert found["CloseCode"]["TOO_FAST"] == protocol.CloseCode.TOO_FAST
    assert found["ErrorCode"] == {code.name: str(code) for code in protocol.ErrorCode}
    assert found["COMMANDS"] == [wire_type(command) for command in protocol.COMMANDS]
    assert found["BODY_LIMIT"] == protocol.BODY_LIMIT
    assert found["FRAME_LIMIT"] == protocol.FRAME_LIMIT
    assert found["SUBPROTOCOL"] == protocol.SUBPROTOCOL
