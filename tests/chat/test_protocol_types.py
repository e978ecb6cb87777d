"""static/chat/protocol.d.ts tells the same story as chat/protocol/."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from chat import protocol
from chat.management.commands import protocol_types
from chat.management.commands.protocol_reference import wire_type


def test_the_types_in_the_repository_are_current():
    call_command("protocol_types", check=True, stdout=StringIO())


def test_stale_types_are_found(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match="out of date"):
        call_command("protocol_types", check=True, stdout=StringIO())


@pytest.mark.parametrize("model", [*protocol.COMMANDS, *protocol.EVENTS], ids=wire_type)
def test_every_command_and_event_is_declared_with_all_its_fields(model):
    kind = f'  type: "{wire_type(model)}";'
    interfaces = [
        interface
        for interface in protocol_types.declarations().split("export interface ")
        if kind in interface
    ]
    fields = set(model.model_fields) - {"type"}
    declared = [set(re.findall(r"^  (\w+)\??: ", each, re.MULTILINE)) for each in interfaces]
    assert fields | {"type"} in declared


def test_what_we_send_may_leave_out_what_has_a_default():
    text = protocol_types.declarations()
    assert "  attachments?: string[];" in text
    assert "  attachments: Attachment[];" in text
