"""Every write to a message."""

import json
import uuid
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from chat import protocol, serializers
from chat.actions import messages, rooms
from chat.models import Message, Report, Revision
from chat.protocol import BODY_LIMIT, ChatError, ErrorCode
from chat.queries import room_log
from chat.rendering import text
from tests.chat.conftest import refused, say
from tests.support.drafts import draft_of


def stored(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def log(room) -> list[int]:
    rows = Message.objects.filter(room=room).order_by("position")
    return list(rows.values_list("position", flat=True))


def test_messages_are_numbered_and_positioned_from_one(owner, member, private_room, public_room):
    sent = [say(owner, private_room), say(member, private_room), say(owner, public_room)]
    assert [(row.number, row.position) for row in sent] == [(1, 1), (2, 2), (1, 1)]


def test_the_same_client_id_finds_the_same_message(owner, private_room):
    client_id = uuid.uuid4()
    first = say(owner, private_room, "once", client_id=client_id)
    assert say(owner, private_room, "twice", client_id=client_id).pk == first.pk
    assert Message.objects.get().body == "once"


def test_two_people_may_use_one_client_id(owner, member, private_room):
    client_id = uuid.uuid4()
    say(owner, private_room, client_id=client_id)
    say(member, private_room, client_id=client_id)
    assert Message.objects.count() == 2


def test_one_refused_message_of_a_batch_holds_up_no_other(owner, outsider, private_room):
    drafts = [
        draft_of(owner, private_room.pk, "first"),
        draft_of(outsider, private_room.pk, "let me in"),
        draft_of(owner, private_room.pk, " "),
        draft_of(owner, private_room.pk, "second"),
    ]
    first, shut_out, empty, second = messages.send_messages(drafts)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert (first.number, second.number) == (1, 2)
    assert isinstance(shut_out, ChatError)
    assert shut_out.code == ErrorCode.NOT_FOUND
    assert isinstance(empty, ChatError)
    assert empty.code == ErrorCode.BAD_REQUEST


def test_a_batch_with_the_same_message_twice_stores_it_once(owner, private_room):
    draft = draft_of(owner, private_room.pk, "once")
    first, again = messages.send_messages([draft, draft])
    assert isinstance(first, Message)
    assert first is again
    assert Message.objects.count() == 1


def test_only_members_send(outsider, suspended, private_room, public_room):
    refused(ErrorCode.NOT_FOUND, say, outsider, private_room)
    refused(ErrorCode.FORBIDDEN, say, outsider, public_room)
    for room in (private_room, public_room):
        refused(ErrorCode.NOT_FOUND, say, suspended, room)


@pytest.mark.once
def test_a_message_says_something_and_not_too_much(owner, private_room):
    refused(ErrorCode.BAD_REQUEST, say, owner, private_room, " \n\t")
    refused(ErrorCode.TOO_LARGE, say, owner, private_room, "x" * (BODY_LIMIT + 1))
    refused(ErrorCode.BAD_REQUEST, say, owner, private_room, "a\0b")
    assert len(say(owner, private_room, "x" * BODY_LIMIT).body) == BODY_LIMIT


def test_a_reply_is_to_a_message_of_the_same_room(owner, private_room, public_room):
    there, here = say(owner, public_room), say(owner, private_room)
    refused(ErrorCode.NOT_FOUND, say, owner, private_room, reply_to=there.pk)
    refused(ErrorCode.NOT_FOUND, say, owner, private_room, reply_to=uuid.uuid4())
    reply = say(owner, private_room, "indeed", reply_to=here.pk)
    assert json.loads(reply.encoded)["quote"]["body"] == "hello"


def test_an_edit_moves_the_message_and_keeps_what_it_said(owner, private_room):
    first, _ = say(owner, private_room, "frist"), say(owner, private_room)
    edited = messages.edit_message(owner, message=first.pk, body="first")
    assert (edited.number, edited.position, edited.body) == (1, 3, "first")
    assert edited.edited_at is not None
    assert [row.body for row in Revision.objects.all()] == ["frist"]
    assert log(private_room) == [2, 3]
    (revision,), more = room_log.revisions(owner, first.pk)
    assert more is False
    assert revision.body == "frist"


def test_an_edit_that_changes_nothing_moves_nothing(owner, private_room):
    message = say(owner, private_room, "the same")
    same = messages.edit_message(owner, message=message.pk, body="the same")
    assert (same.position, same.edited_at) == (1, None)
    assert not Revision.objects.exists()


def test_only_its_sender_edits_a_message(owner, member, outsider, private_room):
    message = say(member, private_room)
    refused(ErrorCode.FORBIDDEN, messages.edit_message, owner, message=message.pk, body="mine")
    refused(ErrorCode.NOT_FOUND, messages.edit_message, outsider, message=message.pk, body="mine")
    assert stored(message).body == "hello"


def test_a_deleted_message_leaves_its_place_and_nothing_else(owner, member, private_room):
    message = say(owner, private_room, "a secret")
    messages.edit_message(owner, message=message.pk, body="an edited secret")
    messages.react_to_message(member, message=message.pk, emoji="👍", on=True)
    deleted = messages.delete_message(owner, message=message.pk)
    assert deleted.number == 1
    row = stored(message)
    assert (row.body, row.html, row.reactions, row.mentions) == ("", "", {}, [])
    assert not Revision.objects.exists()
    assert "secret" not in deleted.encoded
    assert json.loads(deleted.encoded)["deleted"] is True


def test_deleting_twice_moves_once(owner, private_room):
    message = say(owner, private_room)
    position = messages.delete_message(owner, message=message.pk).position
    assert messages.delete_message(owner, message=message.pk).position == position


def test_moderators_of_a_room_delete_and_members_do_not(owner, member, outsider, private_room):
    mine, theirs = say(owner, private_room), say(member, private_room)
    refused(ErrorCode.FORBIDDEN, messages.delete_message, member, message=mine.pk)
    refused(ErrorCode.NOT_FOUND, messages.delete_message, outsider, message=mine.pk)
    assert messages.delete_message(owner, message=theirs.pk).deleted_at is not None


def test_what_is_deleted_cannot_be_edited_reacted_to_or_reported(owner, member, private_room):
    message = say(owner, private_room)
    messages.delete_message(owner, message=message.pk)
    id = message.pk
    refused(ErrorCode.CONFLICT, messages.edit_message, owner, message=id, body="back")
    refused(ErrorCode.CONFLICT, messages.react_to_message, member, message=id, emoji="👍", on=True)
    refused(ErrorCode.CONFLICT, messages.report_message, member, message=id, reason="it was bad")


def test_a_quote_of_a_deleted_message_says_nothing(owner, private_room):
    message = say(owner, private_room, "a secret")
    say(owner, private_room, "as I said", reply_to=message.pk)
    messages.delete_message(owner, message=message.pk)
    page, _ = room_log.history(owner, private_room.pk, before=None, after=None, limit=10)
    assert "a secret" not in "".join(page)


def test_reactions_count_each_person_once_and_are_taken_back(owner, member, private_room):
    message = say(owner, private_room)

    def react(user, on=True, emoji="👍") -> dict:
        messages.react_to_message(user, message=message.pk, emoji=emoji, on=on)
        return stored(message).reactions

    assert react(owner) == {"👍": ["owner"]}
    assert react(owner) == {"👍": ["owner"]}
    assert react(member) == {"👍": ["owner", "member"]}
    assert react(owner, on=False) == {"👍": ["member"]}
    assert react(member, on=False) == {}
    assert stored(message).position == 5


@pytest.mark.once
@pytest.mark.parametrize("emoji", ["<b>", "hello", "👍 👍", "\n", "x" * 30, "1"])
def test_a_reaction_is_one_emoji(owner, private_room, emoji):
    message = say(owner, private_room)
    refused(
        ErrorCode.BAD_REQUEST,
        messages.react_to_message,
        owner,
        message=message.pk,
        emoji=emoji,
        on=True,
    )


def test_a_report_keeps_what_was_said(owner, member, private_room):
    message = say(owner, private_room, "something bad")
    messages.report_message(member, message=message.pk, reason="It is bad.")
    messages.report_message(member, message=message.pk, reason="It is very bad.")
    messages.edit_message(owner, message=message.pk, body="something nice")
    report = Report.objects.get()
    assert (report.body, report.reason) == ("something bad", "It is very bad.")


def test_a_mention_names_people_who_exist(owner, member, private_room):
    message = say(owner, private_room, "@member and @nobody, see `@owner`")
    assert message.mentions == ["member"]


def test_a_closed_room_takes_no_change_of_its_messages(owner, private_room):
    message = say(owner, private_room)
    rooms.close_room(room=private_room.pk, closed=True)
    refused(ErrorCode.FORBIDDEN, say, owner, private_room)
    refused(ErrorCode.FORBIDDEN, messages.edit_message, owner, message=message.pk, body="x")
    refused(ErrorCode.FORBIDDEN, messages.delete_message, owner, message=message.pk)


def test_history_pages_in_both_directions(owner, private_room):
    for number in range(1, 11):
        say(owner, private_room, str(number))

    def numbers(**where) -> tuple[list[int], bool]:
        where = {"before": None, "after": None, "limit": 4} | where
        page, more = room_log.history(owner, private_room.pk, **where)
        return [json.loads(each)["number"] for each in page], more

    assert numbers() == ([7, 8, 9, 10], True)
    assert numbers(before=7) == ([3, 4, 5, 6], True)
    assert numbers(before=3) == ([1, 2], False)
    assert numbers(after=4) == ([5, 6, 7, 8], True)
    assert numbers(after=6) == ([7, 8, 9, 10], False)
    assert numbers(before=1) == ([], False)


def test_a_page_of_history_costs_the_same_whatever_is_on_it(
    owner, member, private_room, django_assert_max_num_queries
):
    last = None
    for number in range(30):
        last = say(owner if number % 2 else member, private_room, "x", reply_to=last).pk
    with django_assert_max_num_queries(5):
        room_log.history(owner, private_room.pk, before=None, after=None, limit=30)


# -- Pages end by size, too -------------------------------------------------------------------

HEAVY = "**b** " + "é" * 15_000


def pages_back(user, room, limit: int = 200) -> list[list[dict]]:
    """The pages of a room's history from its end to its beginning."""
    pages: list[list[dict]] = []
    before, more = None, True
    while more:
        page, more = room_log.history(user, room.pk, before=before, after=None, limit=limit)
        assert len(page) == 1 or sum(len(each.encode()) for each in page) <= protocol.PAGE_SIZE
        pages.append([json.loads(each) for each in page])
        before = pages[-1][0]["number"]
    return pages


def test_a_page_of_history_ends_by_its_size(owner, private_room):
    for _ in range(30):
        say(owner, private_room, HEAVY)
    pages = pages_back(owner, private_room)
    assert len(pages) > 5 and all(pages)
    assert [each["number"] for page in pages[::-1] for each in page] == list(range(1, 31))
    page, more = room_log.history(owner, private_room.pk, before=None, after=0, limit=200)
    assert more and [json.loads(each)["number"] for each in page] == list(range(1, len(page) + 1))


def test_a_page_of_changes_ends_by_its_size(owner, private_room):
    for _ in range(30):
        say(owner, private_room, HEAVY)
    told: list[int] = []
    more = True
    while more:
        page, more = room_log.changes(private_room.pk, after=len(told), limit=200)
        assert sum(len(each[-1].encode()) for each in page) <= protocol.PAGE_SIZE
        told += [position for position, _, _, _ in page]
    assert told == list(range(1, 31))


def test_what_is_read_for_many_rooms_at_once_is_bounded(owner, member, monkeypatch):
    monkeypatch.setattr(room_log, "LOADED_TOGETHER", 200_000)
    opened = [
        rooms.open_room(owner, kind="private", name=str(n), members=["member"])[0] for n in range(4)
    ]
    for room in opened:
        for _ in range(4):
            say(owner, room, "x" * 9_000)
    found = room_log.changes_of_many({room.pk: (0, 4) for room in opened})
    assert 0 < sum(len(entries) for _, entries in found.values()) < 10
    for after, entries in found.values():
        assert [position for position, _, _, _ in entries] == list(range(after + 1, 5))
    everything = room_log.changes_of_many({room.pk: (1, 3) for room in opened[:2]})
    assert [(after, [entry[0] for entry in entries]) for after, entries in everything.values()] == [
        (1, [2, 3])
    ] * 2


def test_what_a_message_said_before_is_told_within_a_page(owner, private_room):
    message = say(owner, private_room)
    for number in range(30):
        messages.edit_message(owner, message=message.pk, body=f"{number} " + "x" * 19_000)
    found, more = room_log.revisions(owner, message.pk)
    assert more and sum(len(each.body) for each in found) <= protocol.PAGE_SIZE
    numbers = [int(each.body.split()[0]) for each in found]
    assert numbers == list(range(29 - len(found), 29))


@pytest.mark.parametrize("code", [None, {"path": "a.py", "language": "python"}])
def test_html_from_before_there_was_a_limit_is_shown_as_it_was_typed(owner, private_room, code):
    for number in range(12):
        say(owner, private_room, f"*old* {number}")
    if code:
        lines = {"start_line": 1, "end_line": 1, "text": "x = 1", **code}
        Message.objects.update(code=protocol.Code(**lines).model_dump())
    Message.objects.filter(number__lte=10).update(html="<p>" + "a" * 600_000 + "</p>")
    shown = [each for page in pages_back(owner, private_room) for each in page]
    assert len(shown) == 12
    for each in shown:
        assert len(each["html"]) < 1_000 and "old" in each["html"]
        if each["number"] <= 10:
            assert "<p>*old*" in each["html"]
            assert ('<code class="language-python">' in each["html"]) is bool(code)


# -- Quotes -----------------------------------------------------------------------------------

DEAR = "a|b\n-|-\n|@ab [a]: http://b\n[](" * 30


@pytest.fixture
def parsed(monkeypatch) -> list[str]:
    """Every text that is parsed for a quote."""
    texts: list[str] = []
    plain = text.plain

    def noted(body: str, limit: int) -> str:
        if not text.is_plain(body):
            texts.append(body)
        return plain(body, limit)

    monkeypatch.setattr(text, "plain", noted)
    return texts


def quotes(user, room) -> list[str]:
    page, _ = room_log.history(user, room.pk, before=None, after=None, limit=200)
    return [each["quote"]["body"] for each in map(json.loads, page) if each["quote"]]


def test_a_quote_is_made_when_the_message_is_written_and_not_when_it_is_read(
    owner, private_room, parsed
):
    first = say(owner, private_room, "**bold** [link](http://a.org)\n- `code`")
    plain = say(owner, private_room, "just  words\nin two lines")
    long = say(owner, private_room, "word " * 1_000)
    for quoted in (first, plain, long):
        say(owner, private_room, "yes", reply_to=quoted.pk)
    told = quotes(owner, private_room)
    assert told[:2] == ["bold link code", "just words in two lines"]
    assert len(told[2]) <= text.EXCERPT_LIMIT and told[2].endswith("word…")
    messages.edit_message(owner, message=first.pk, body="*now* this")
    assert quotes(owner, private_room)[0] == "now this"
    assert parsed == []


def test_a_quote_of_what_is_gone_is_empty_and_comes_back_with_it(owner, private_room):
    deleted = say(owner, private_room, "**secret** one")
    hidden = say(owner, private_room, "**secret** two")
    for quoted in (deleted, hidden):
        say(owner, private_room, "yes", reply_to=quoted.pk)
    messages.delete_message(owner, message=deleted.pk)
    messages.hide_message(message=hidden.pk, hidden=True)
    assert quotes(owner, private_room) == ["", ""]
    assert stored(deleted).excerpt == ""
    messages.hide_message(message=hidden.pk, hidden=False)
    assert quotes(owner, private_room) == ["", "secret two"]


def test_a_message_from_before_there_were_excerpts_gets_its_own_when_it_is_quoted(
    owner, private_room, parsed
):
    old = say(owner, private_room, DEAR)
    Message.objects.filter(pk=old.pk).update(excerpt=None)
    for _ in range(3):
        say(owner, private_room, "yes", reply_to=old.pk)
    assert len(parsed) == 1
    parsed.clear()
    assert len(set(quotes(owner, private_room))) == 1
    assert parsed == []


def test_the_migration_makes_the_excerpts_of_what_is_quoted(owner, private_room, monkeypatch):
    migration = import_module("chat.migrations.0006_excerpts_of_quoted")
    monkeypatch.setattr(migration, "BATCH", 2)
    old = [say(owner, private_room, f"**number** {n}") for n in range(7)]
    for message in old[:5]:
        say(owner, private_room, "yes", reply_to=message.pk)
    messages.delete_message(owner, message=old[0].pk)
    Message.objects.exclude(pk=old[0].pk).update(excerpt=None)
    migration.make_excerpts(apps, SimpleNamespace(connection=connection))
    made = [stored(message).excerpt for message in old]
    assert made == ["", *(f"number {n}" for n in range(1, 5)), None, None]


def test_a_page_of_quotes_of_old_messages_takes_as_many_queries(
    owner, private_room, django_assert_max_num_queries
):
    old = [say(owner, private_room, f"**number** {n}").pk for n in range(20)]
    for id in old:
        say(owner, private_room, "yes", reply_to=id)
    Message.objects.update(excerpt=None)
    with django_assert_max_num_queries(5):
        page, _ = room_log.history(owner, private_room.pk, before=None, after=None, limit=50)
    assert json.loads(page[-1])["quote"]["body"] == "number 19"


def test_the_names_under_a_message_are_bounded(owner, member, private_room, monkeypatch):
    message = say(owner, private_room)
    monkeypatch.setattr(messages, "REACTED_LIMIT", 20)
    messages.react_to_message(owner, message=message.pk, emoji="👍", on=True)
    messages.react_to_message(member, message=message.pk, emoji="👍", on=True)
    refused(
        ErrorCode.CONFLICT,
        messages.react_to_message,
        owner,
        message=message.pk,
        emoji="🎉",
        on=True,
    )
    messages.react_to_message(owner, message=message.pk, emoji="👍", on=False)
    assert stored(message).reactions == {"👍": ["member"]}


def test_the_usernames_that_are_remembered_are_bounded(owner, member, monkeypatch):
    monkeypatch.setattr(serializers, "NAMES_LIMIT", 20)
    monkeypatch.setattr(serializers, "_usernames", {})
    many = User.objects.bulk_create(User(username=f"person{n}") for n in range(50))
    names = serializers.usernames(user.pk for user in many)
    assert names == {user.pk: user.username for user in many}
    assert len(serializers._usernames) <= 20
    for user in many:
        assert serializers.usernames([user.pk]) == {user.pk: user.username}
        assert len(serializers._usernames) <= 20
