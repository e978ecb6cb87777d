"""A frame is read at once where it is right, and closely where it is wrong."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import protocol
from chat.protocol.frames import _BY_TYPE, _parse_closely
from tests.support import odd_text

ROOM = str(uuid.uuid4())
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.just(ROOM),
    st.lists(st.just(ROOM), max_size=2),
    st.dictionaries(st.just(ROOM), st.integers(), max_size=2),
)
FIELDS = sorted({name for command in protocol.COMMANDS for name in command.model_fields} | {"no"})
TYPES = sorted(set(_BY_TYPE) | {"no.such"})


def _read(read: Any, text: str) -> Any:
    try:
        return read(text)
    except protocol.FrameError as error:
        return error.detail, error.ref


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(TYPES),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5),
)
def test_the_short_way_reads_what_the_close_one_reads(kind: str, fields: dict[str, Any]) -> None:
    text = json.dumps({"ref": "1", **fields, "type": kind})
    assert _read(protocol.parse, text) == _read(_parse_closely, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "[]",
        "null",
        '"ping"',
        '{"type":"ping"}',
        '{"type":"ping","ref":"1","ref":"2"}',
        '{"type":"ping","ref":"1",}',
        '{"type":"ping","ref":"\x01"}',
        '\ufeff{"type":"ping","ref":"1"}',
        ' {"type":"ping","ref":"1"}\n',
        '{"type":"ping","ref":"\\ud800"}',
        f'{{"type":"message.send","ref":"1","room":"{ROOM}","client_id":"{ROOM}","body":"\\ud800"}}',
        f'{{"type":"room.read","ref":"1","room":"urn:uuid:{ROOM}","number":1e0}}',
        f'{{"type":"room.read","ref":"1","room":"{ROOM}","number":{"9" * 5_000}}}',
        '{"type":"sync","ref":"1","rooms":' + "[" * 5_000,
    ],
)
def test_odd_frames_are_read_the_same_on_both_ways(text: str) -> None:
    assert _read(protocol.parse, text) == _read(_parse_closely, text)


# -- Texts that no database and no socket can have ---------------------------------------------


@pytest.mark.parametrize("command", protocol.COMMANDS)
def test_every_command_has_an_example_that_is_right(command: Any) -> None:
    fields = odd_text.example(command)
    assert set(fields) == set(command.model_fields)
    assert protocol.parse(json.dumps(fields)).type == fields["type"]


@pytest.mark.parametrize("odd", [odd_text.NUL, odd_text.HALF], ids=["nul", "half"])
@pytest.mark.parametrize("command", protocol.COMMANDS)
def test_no_text_of_any_command_is_taken_with_half_a_character_or_nul(
    command: Any, odd: str
) -> None:
    for path, fields in odd_text.with_odd_text(odd_text.example(command), odd):
        with pytest.raises(protocol.FrameError) as refusal:
            protocol.parse(json.dumps(fields))
        assert refusal.value.code is protocol.ErrorCode.BAD_REQUEST, path


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("message.send", ("body",)),
        ("message.send", ("code", "text")),
        ("message.edit", ("body",)),
        ("message.report", ("reason",)),
    ],
)
@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_lines_end_in_one_way_however_a_program_ends_them(
    kind: str, path: tuple[str, ...], end: str
) -> None:
    (command,) = (each for each in protocol.COMMANDS if odd_text.example(each)["type"] == kind)
    fields = odd_text.example(command)
    *way, last = path
    inner = fields
    for step in way:
        inner = inner[step]
    inner[last] = f"a{end}b{end}{end}c"
    found: Any = protocol.parse(json.dumps(fields))
    for step in path:
        found = getattr(found, step)
    assert found == "a\nb\n\nc"


def test_a_field_that_takes_any_text_would_be_found() -> None:
    class Careless(protocol.Command):
        type: str = "careless"
        notes: list[str] = []

    found = [path for path, _ in odd_text.with_odd_text(odd_text.example(Careless), odd_text.NUL)]
    assert ("notes", 0) in found and ("ref",) in found


@pytest.mark.parametrize("members", [["ada", "grace"], None])
def test_a_room_that_is_encoded_for_many_is_what_each_would_be_told(
    members: list[str] | None,
) -> None:
    common: dict[str, Any] = {
        "id": ROOM, "kind": "private", "name": 'a "room"', "members": members, "member_count": 2,
        "asked": ["alan"],
    }  # fmt: skip
    seen = [
        protocol.Room(position=7, number=5, read=read, role=role, put_away=away, **common)
        for read, role, away in ((0, "owner", False), (5, None, True))
    ]
    encode = protocol.room_encoder(seen[0])
    for room in seen:
        assert json.loads(encode(room)) == json.loads(protocol.RoomEvent(room=room).frame())
