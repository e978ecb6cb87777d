"""Permission is asked before the work that takes long, whoever asks for it."""

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from chat import protocol
from chat.actions import batches, messages, rooms
from chat.commands import execution
from chat.message_log.group_commit import GroupCommit
from chat.models import Message, Room
from chat.protocol import ChatError, ErrorCode
from chat.rendering import text
from tests.chat.conftest import say

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
]

TABLE = "|a|b|\n|-|-|\n" + "|`x`|@owner|\n" * 400
CODE = protocol.Code(path="a.py", start_line=1, end_line=2, text="x = 1\n" * 1_500)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is really parsed, and all code that is really highlighted."""
    texts: list[str] = []
    parse, highlight = text.render_markdown, text.code_block

    def parsed(body: str) -> text.Rendered:
        texts.append(body)
        return parse(body)

    def highlighted(code: str, language: str) -> str:
        texts.append(code)
        return highlight(code, language)

    monkeypatch.setattr(text, "render_markdown", parsed)
    monkeypatch.setattr(text, "code_block", highlighted)
    return texts


async def refused(code: ErrorCode, user: User, command: Any) -> None:
    with pytest.raises(ChatError) as refusal:
        if isinstance(command, protocol.MessageSend):
            await execution.send(GroupCommit(batches.store), user, command)
        else:
            await execution.execute(GroupCommit(batches.store), user, command)
    assert refusal.value.code is code


def send(room: uuid.UUID, body: str = TABLE, **fields: Any) -> protocol.MessageSend:
    fields.setdefault("client_id", uuid.uuid4())
    return protocol.MessageSend(room=room, body=body, **fields)


def edit(message: uuid.UUID, body: str = TABLE) -> protocol.MessageEdit:
    return protocol.MessageEdit(type="message.edit", message=message, body=body)


async def test_nothing_is_rendered_for_a_room_that_one_is_not_in(
    outsider: User, private_room: Room, public_room: Room, rendered: list[str]
) -> None:
    dear: list[dict[str, Any]] = [{}, {"body": "", "code": CODE}]
    for fields in dear:
        await refused(ErrorCode.NOT_FOUND, outsider, send(uuid.uuid4(), **fields))
        await refused(ErrorCode.NOT_FOUND, outsider, send(private_room.pk, **fields))
        await refused(ErrorCode.FORBIDDEN, outsider, send(public_room.pk, **fields))
    assert rendered == []


async def test_nothing_is_rendered_for_a_closed_room_or_a_suspended_person(
    owner: User, suspended: User, private_room: Room, rendered: list[str]
) -> None:
    await refused(ErrorCode.NOT_FOUND, suspended, send(private_room.pk))
    await sync_to_async(rooms.close_room)(room=private_room.pk, closed=True)
    await refused(ErrorCode.FORBIDDEN, owner, send(private_room.pk))
    assert rendered == []


async def test_nothing_is_rendered_for_an_edit_that_is_refused(
    owner: User, member: User, outsider: User, private_room: Room, rendered: list[str]
) -> None:
    message = await sync_to_async(say)(owner, private_room)
    await refused(ErrorCode.NOT_FOUND, owner, edit(uuid.uuid4()))
    await refused(ErrorCode.NOT_FOUND, outsider, edit(message.pk))
    await refused(ErrorCode.FORBIDDEN, member, edit(message.pk))
    await refused(ErrorCode.TOO_LARGE, owner, edit(message.pk, TABLE * 4))
    await sync_to_async(messages.delete_message)(owner, message=message.pk)
    await refused(ErrorCode.CONFLICT, owner, edit(message.pk))
    await refused(ErrorCode.CONFLICT, owner, edit(message.pk, "plain"))
    assert rendered == []


async def test_what_was_sent_before_is_not_rendered_again(
    member: User, owner: User, private_room: Room, rendered: list[str]
) -> None:
    command = send(private_room.pk)
    first = await execution.send(GroupCommit(batches.store), member, command)
    assert len(rendered) == 1
    again = await execution.send(GroupCommit(batches.store), member, command)
    await sync_to_async(rooms.remove_member)(owner, room=private_room.pk, member="member")
    # The promise holds for someone who has left, too.
    after_leaving = await execution.send(GroupCommit(batches.store), member, command)
    assert first.pk == again.pk == after_leaving.pk
    assert first.html == again.html == after_leaving.html
    assert "<table>" in first.html
    assert len(rendered) == 1


async def test_what_may_be_sent_and_edited_is_rendered_once(
    owner: User, private_room: Room, rendered: list[str]
) -> None:
    stored = await execution.send(
        GroupCommit(batches.store), owner, send(private_room.pk, TABLE, code=CODE)
    )
    assert rendered == [TABLE, CODE.text]
    rendered.clear()
    await execution.execute(GroupCommit(batches.store), owner, edit(stored.pk, f"{TABLE}\nmore"))
    changed = await sync_to_async(Message.objects.get)(pk=stored.pk)
    assert rendered == [f"{TABLE}\nmore"]
    assert "more" in changed.html and "<table>" in changed.html
    assert changed.html.endswith(text.code_block(CODE.text, CODE.language))


async def test_a_short_edit_is_refused_as_a_long_one_is(
    owner: User, member: User, private_room: Room
) -> None:
    message = await sync_to_async(say)(owner, private_room)
    for body in ("plain words", "**short** markdown"):
        await refused(ErrorCode.FORBIDDEN, member, edit(message.pk, body))
        await refused(ErrorCode.NOT_FOUND, owner, edit(uuid.uuid4(), body))
        await execution.execute(GroupCommit(batches.store), owner, edit(message.pk, body))
        assert (await sync_to_async(Message.objects.get)(pk=message.pk)).body == body
    await refused(ErrorCode.BAD_REQUEST, owner, edit(message.pk, " "))
