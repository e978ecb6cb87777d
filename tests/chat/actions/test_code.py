"""Lines of code as data: stored, shown, kept over an edit, gone with the message."""

import json
import uuid
from typing import Any

import pytest
from pydantic import ValidationError

from accounts.models import User
from chat import protocol, serializers
from chat.actions import messages
from chat.models import Message, Room
from chat.protocol import FrameError

pytestmark = pytest.mark.django_db(transaction=True)

LINES: dict[str, Any] = {
    "language": "python",
    "repository": "git.example/team/project",
    "branch": "main",
    "commit": "0123abc",
    "path": "src/app.py",
    "start_line": 3,
    "end_line": 4,
    "text": "def greet(name):\n    return f'<b>{name}</b>'",
}

ANCHOR: dict[str, Any] = {
    "dirty": False,
    "blob": "0123456789abcdef0123456789abcdef01234567",
    "before": "import sys\n\n",
    "after": "",
}


def share(sender: User, room: Room, **fields: Any) -> Message:
    code = protocol.Code(**LINES)
    return messages.send_message(sender, room=room.pk, client_id=uuid.uuid4(), code=code, **fields)


def as_sent(message: Message) -> dict[str, Any]:
    return json.loads(serializers.encode([message])[0])


def test_code_needs_no_words_with_it(owner: User, private_room: Room) -> None:
    message = as_sent(share(owner, private_room))
    assert message["code"] == LINES
    assert message["body"] == ""
    assert 'class="language-python"' in message["html"]
    assert "&lt;b&gt;" in message["html"]


@pytest.mark.once
def test_code_stands_after_the_words(owner: User, private_room: Room) -> None:
    html = as_sent(share(owner, private_room, body="Look at **this**"))["html"]
    assert html.index("<strong>this</strong>") < html.index("<pre")


def test_an_edit_changes_the_words_and_keeps_the_code(owner: User, private_room: Room) -> None:
    message = share(owner, private_room, body="first")
    edited = as_sent(messages.edit_message(owner, message=message.pk, body="second"))
    assert edited["code"] == LINES
    assert "second" in edited["html"]
    assert "language-python" in edited["html"]


def test_the_words_can_be_taken_back_without_the_code(owner: User, private_room: Room) -> None:
    message = share(owner, private_room, body="first")
    assert as_sent(messages.edit_message(owner, message=message.pk, body=""))["code"] == LINES


def test_code_is_gone_with_its_message(owner: User, private_room: Room) -> None:
    message = share(owner, private_room)
    deleted = as_sent(messages.delete_message(owner, message=message.pk))
    assert deleted["code"] is None
    assert deleted["html"] == ""
    assert Message.objects.get(pk=message.pk).code is None


def test_a_retry_finds_the_same_code(owner: User, private_room: Room) -> None:
    client_id = uuid.uuid4()
    sent = [
        messages.send_message(
            owner, room=private_room.pk, client_id=client_id, code=protocol.Code(**LINES)
        )
        for _ in range(2)
    ]
    assert as_sent(sent[0]) == as_sent(sent[1])


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "/etc/passwd"},
        {"path": "../../etc/passwd"},
        {"path": "a/../../b"},
        {"path": "\\\\server\\share"},
        {"path": "C:/Windows"},
        {"path": "c:\\Windows"},
        {"path": "c:autoexec.bat"},
        {"path": "file:///etc/passwd"},
        {"path": ""},
        {"commit": "main; rm -rf"},
        {"start_line": 0},
        {"start_line": 5, "end_line": 4},
        {"text": ""},
        {"text": "a\0b"},
        {"text": "x" * 20_001},
        {"unknown": 1},
        {"path": "a\u202egpj.py"},
        {"path": "a\n.py"},
        {"path": "a\x1b[31m.py"},
        {"path": "a\u2029b.py"},
        {"repository": "r\u202e"},
        {"repository": "git.example/\u2066team"},
        {"branch": "b\u202e"},
        {"branch": "b\u200f"},
        {"branch": "b\x85"},
        {"language": "p\u061cy"},
        {"language": "python\n"},
        {"dirty": "perhaps"},
        {"blob": "0123abc"},
        {"blob": "--exec=x".ljust(40, "0")},
        {"blob": "g" * 40},
        {"before": "1\n2\n3\n4"},
        {"after": "1\r2\r3\r4"},
        {"before": "x" * 1_001},
        {"after": "字" * 334},
        {"before": "a\0b"},
    ],
)
def test_code_that_points_elsewhere_or_nowhere_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        protocol.Code(**(LINES | wrong))
    frame = {
        "type": "message.send",
        "room": str(uuid.uuid4()),
        "client_id": str(uuid.uuid4()),
        "code": LINES | wrong,
    }
    with pytest.raises(FrameError):
        protocol.parse(json.dumps(frame))


@pytest.mark.once
@pytest.mark.parametrize(
    "path",
    [
        "src/תיקייה/קובץ.py",
        "می\u200cخواهم.py",  # noqa: RUF001  (Persian)
        "документы/отчёт 2.md",
        "図/表 (1).c",
        "é/👩\u200d💻.txt",
        "12:30.log",
        "src:old/a:b.py",
        "a/c:d",
    ],
)
def test_a_path_may_have_any_letters(path: str) -> None:
    code = protocol.Code(**(LINES | {"path": path, "branch": path, "repository": path}))
    assert code.path == code.branch == code.repository == path


@pytest.mark.once
def test_the_lines_themselves_are_as_they_are_but_for_how_they_end() -> None:
    text = "a = '\u202e'\r\n\tb\x0c"
    code = protocol.Code(**(LINES | {"text": text}))
    assert code.text == "a = '\u202e'\n\tb\x0c"


@pytest.mark.parametrize(
    "anchor",
    [
        ANCHOR,
        ANCHOR | {"dirty": True, "blob": "f" * 64},
        {"dirty": True},
        {"before": "字" * 333, "after": "x" * 1_000},
    ],
)
def test_where_the_lines_are_from_is_kept_as_it_was_said(
    owner: User, private_room: Room, anchor: dict[str, Any]
) -> None:
    code = protocol.Code(**(LINES | anchor))
    message = messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), code=code)
    assert as_sent(message)["code"] == LINES | anchor
    stored = Message.objects.get(pk=message.pk)
    assert as_sent(stored)["code"] == LINES | anchor


def test_what_nobody_said_of_the_lines_is_left_out(owner: User, private_room: Room) -> None:
    nothing = dict.fromkeys(ANCHOR)
    frame = {
        "type": "message.send",
        "room": str(private_room.pk),
        "client_id": str(uuid.uuid4()),
        "code": LINES | nothing,
    }
    command = protocol.parse(json.dumps(frame))
    assert isinstance(command, protocol.MessageSend)
    message = messages.send_message(
        owner, room=command.room, client_id=command.client_id, code=command.code
    )
    assert as_sent(message)["code"] == LINES
    # Also of a message that was stored before anybody could say it.
    Message.objects.update(code=LINES)
    assert as_sent(Message.objects.get())["code"] == LINES
