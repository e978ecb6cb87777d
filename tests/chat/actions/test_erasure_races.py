"""What was under way when somebody was erased brings nothing of them back."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from PIL import Image

from accounts.forms import ProfileForm
from accounts.models import User, WasErased
from chat import permissions
from chat.actions import attachments, messages, rooms
from chat.models import Attachment, Membership, Message, Room
from chat.moderation import actions as moderation
from chat.protocol import Code, ErrorCode
from tests.chat.actions.test_erasure import (  # noqa: F401  (fixtures)
    NAME,
    erase,
    named,
    no_thread,
    room,
    wilhelmina,
)
from tests.chat.conftest import refused, say
from tests.conftest import person

Meanwhile = Callable[[Any, str], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch, wilhelmina: User) -> Meanwhile:  # noqa: F811
    """Erases her right after this function has been called for the first time."""

    def arrange(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def then_erased(*args: Any, **kwargs: Any) -> Any:
            monkeypatch.setattr(owner, name, real)
            answer = real(*args, **kwargs)
            erase(wilhelmina, keep_messages=True)
            return answer

        monkeypatch.setattr(owner, name, then_erased)

    return arrange


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of files that are in the store, of those that come into it from now on."""
    names: set[str] = set()
    save, delete = default_storage.save, default_storage.delete

    def saving(*args: Any, **kwargs: Any) -> str:
        names.add(name := save(*args, **kwargs))
        return name

    def deleting(name: str) -> None:
        delete(name)
        names.discard(name)

    monkeypatch.setattr(default_storage, "save", saving)
    monkeypatch.setattr(default_storage, "delete", deleting)
    return names


@pytest.mark.parametrize("fields", [None, ["password"], ["is_active"], ["last_login"]])
def test_an_account_that_was_read_before(
    fields: list[str] | None,
    wilhelmina: User,  # noqa: F811
) -> None:
    stale = User.objects.get(pk=wilhelmina.pk)
    erase(wilhelmina, keep_messages=True)
    stale.set_password("Another one of hers")
    with pytest.raises(WasErased):
        stale.save(update_fields=fields)
    row = User.objects.get(pk=wilhelmina.pk)
    assert not row.is_active and row.erased_at and not row.has_usable_password()
    assert named() == []


def test_restoring_somebody(
    wilhelmina: User,  # noqa: F811
    administrator: User,
    meanwhile: Meanwhile,
) -> None:
    moderation.suspend_user(administrator, user=wilhelmina.pk, reason="rude")
    meanwhile(moderation, "_person_under")
    with pytest.raises(WasErased):
        moderation.restore_user(administrator, user=wilhelmina.pk, reason="polite again")
    assert not User.objects.get(pk=wilhelmina.pk).is_active


def test_a_profile(wilhelmina: User, stored: set[str]) -> None:  # noqa: F811
    picture = io.BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    form = ProfileForm(
        {"display_name": "Wilhelmina W"},
        MultiValueDict({"picture": [SimpleUploadedFile("me.png", picture.getvalue())]}),
        instance=User.objects.get(pk=wilhelmina.pk),
    )
    assert form.is_valid()
    erase(wilhelmina, keep_messages=True)
    with pytest.raises(WasErased):
        form.save()
    assert named() == [] and not User.objects.get(pk=wilhelmina.pk).avatar and not stored


def test_a_picture_that_was_changed_a_moment_before(
    wilhelmina: User,  # noqa: F811
    stored: set[str],
) -> None:
    stale = User.objects.get(pk=wilhelmina.pk)
    wilhelmina.avatar.save("another.webp", ContentFile(b"another"))
    erase(stale, keep_messages=True)
    assert not stored


@pytest.mark.parametrize(("where", "what"), [(attachments, "_check_size"), (Attachment, "save")])
def test_an_upload(
    where: Any,
    what: str,
    wilhelmina: User,  # noqa: F811
    meanwhile: Meanwhile,
    stored: set[str],
) -> None:
    meanwhile(where, what)
    upload = SimpleUploadedFile("notes.txt", b"my notes")
    refused(ErrorCode.NOT_FOUND, lambda: attachments.store_attachment(wilhelmina, file=upload))
    assert not Attachment.objects.exists() and not stored


def test_a_reaction(
    wilhelmina: User,  # noqa: F811
    member: User,
    room: Room,  # noqa: F811
    meanwhile: Meanwhile,
) -> None:
    said = say(member, room, "hello")
    meanwhile(permissions, "message_for")
    refused(
        ErrorCode.NOT_FOUND,
        lambda: messages.react_to_message(wilhelmina, message=said.pk, emoji="👍", on=True),
    )
    assert named() == []


def test_an_edit(
    wilhelmina: User,  # noqa: F811
    room: Room,  # noqa: F811
    meanwhile: Meanwhile,
) -> None:
    said = say(wilhelmina, room, "hello")
    meanwhile(permissions, "message_for")
    refused(
        ErrorCode.NOT_FOUND,
        lambda: messages.edit_message(wilhelmina, message=said.pk, body=f"I am @{NAME}"),
    )
    assert named() == []


def test_being_added(
    wilhelmina: User,  # noqa: F811
    member: User,
    meanwhile: Meanwhile,
) -> None:
    second, _ = rooms.open_room(member, kind="private", name="Second")
    meanwhile(rooms, "people_named")
    rooms.add_members(member, room=second.pk, members=[NAME])
    assert not Membership.objects.filter(user=wilhelmina).exists()


def test_a_file_and_a_membership_that_came_after_their_turn(
    wilhelmina: User,  # noqa: F811
    room: Room,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chat.actions import erasure as actions

    page = actions.erase_page

    def late(*args: Any) -> int | None:
        Membership.objects.get_or_create(room=room, user=wilhelmina, defaults={"role": "member"})
        return page(*args)

    monkeypatch.setattr(actions, "erase_page", late)
    erase(wilhelmina, keep_messages=True)
    assert not Membership.objects.filter(user=wilhelmina).exists()


def test_shared_code_and_the_names_of_rooms(
    wilhelmina: User,  # noqa: F811
    member: User,
    room: Room,  # noqa: F811
) -> None:
    words = f"# ask @{NAME}"
    code = Code(
        text=words,
        before=words,
        after=f"pass\n{words}",
        path="a.py",
        start_line=3,
        end_line=3,
        language="python",
    )
    around = messages.send_message(
        member,
        room=room.pk,
        client_id=uuid.uuid4(),
        code=code.model_copy(update={"text": "pass", "after": None}),
    )
    said = messages.send_message(member, room=room.pk, client_id=uuid.uuid4(), code=code)
    long = "a" * (80 - len(f" for @{NAME}")) + f" for @{NAME}"
    party, _ = rooms.open_room(member, kind="private", name=long)
    version = Room.objects.get(pk=party.pk).members_version
    gone = erase(wilhelmina, keep_messages=True)
    assert named() == []
    said.refresh_from_db()
    assert said.code and said.code["text"] == f"# ask @{gone.username}"
    assert said.code["after"] == f"pass\n# ask @{gone.username}"
    around.refresh_from_db()
    assert around.code and around.code["before"] == f"# ask @{gone.username}"
    assert around.code["text"] == "pass" and "after" not in around.code
    assert said.body == "" and said.html.startswith("<pre") and gone.username in said.html
    party.refresh_from_db()
    assert len(party.name) == 80 and "for @gone-" in party.name
    assert party.members_version > version


@pytest.mark.parametrize("member_of_room", [True, False])
def test_a_longer_name_that_begins_with_theirs_is_somebody_else(
    db: None, member: User, member_of_room: bool
) -> None:
    short, _ = person("山田"), person("山田太郎")
    names = ["山田", "山田太郎"] if member_of_room else ["member"]
    room, _ = rooms.open_room(member, kind="private", name="Workshop", members=names)  # noqa: F811
    said = say(member, room, "before")
    messages.edit_message(member, message=said.pk, body="@山田太郎 and @山田さん")
    gone = erase(short, keep_messages=True)
    said.refresh_from_db()
    assert said.body == f"@山田太郎 and @{gone.username}さん"
    assert said.mentions == (["山田太郎"] if member_of_room else [])


def test_a_longer_name_that_nobody_has_is_theirs(db: None, member: User) -> None:
    short = person("山田")
    room, _ = rooms.open_room(member, kind="private", name="Workshop", members=["山田"])  # noqa: F811
    said = say(member, room, "@山田太郎")
    gone = erase(short, keep_messages=True)
    assert Message.objects.get(pk=said.pk).body == f"@{gone.username}太郎"
