"""SQL that is written once says the same as what Django writes each time."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.sql.compiler import SQLCompiler

from accounts.models import User
from chat.actions import messages
from chat.message_log.compiled_queries import PreparedInsert, PreparedQuery
from chat.models import Message, Room
from chat.models.messages import message_id
from tests.support.drafts import draft_of


def _people(count: int) -> list[User]:
    return User.objects.bulk_create(User(username=f"person{n}") for n in range(count))


@pytest.mark.parametrize("asked", [1, 2, 3, 5, 8])
def test_a_prepared_query_answers_for_any_number_of_ids(db: None, asked: int) -> None:
    people = _people(9)
    query: PreparedQuery[uuid.UUID] = PreparedQuery(
        lambda ids: User.objects.filter(pk__in=ids, is_active=True).values_list(
            "pk", "username", "date_joined"
        )
    )
    for several in (people[:asked], people[-asked:]):
        rows = query([person.pk for person in several])
        assert sorted(name for _, name, _ in rows) == [person.username for person in several]
        assert {(pk, joined) for pk, _, joined in rows} == set(
            User.objects.filter(pk__in=[each.pk for each in several]).values_list(
                "pk", "date_joined"
            )
        )


def test_a_prepared_query_about_nothing_asks_nothing(
    db: None, django_assert_num_queries: Any
) -> None:
    query: PreparedQuery[uuid.UUID] = PreparedQuery(
        lambda ids: User.objects.filter(pk__in=ids).values_list("pk")
    )
    with django_assert_num_queries(0):
        assert query([]) == []


def test_a_batch_of_a_known_size_writes_no_sql(
    owner: User, private_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        return  # PostgreSQL locks the room first, MongoDB has no SQL
    written: list[Any] = []
    as_sql = SQLCompiler.as_sql

    def noted(self: SQLCompiler, *args: Any, **options: Any) -> Any:
        written.append(self)
        return as_sql(self, *args, **options)

    def send() -> None:
        drafts = [draft_of(owner, private_room.pk, "Hello") for _ in range(4)]
        assert not any(isinstance(each, Exception) for each in messages.send_messages(drafts))

    send()
    monkeypatch.setattr(SQLCompiler, "as_sql", noted)
    send()
    assert written == []


def _message(owner: User, room: Room, position: int, **fields: Any) -> Message:
    client_id = uuid.uuid4()
    return Message(
        id=message_id(owner.pk, client_id),
        room=room,
        sender=owner,
        client_id=client_id,
        number=position,
        position=position,
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
        **fields,
    )


def test_prepared_rows_are_stored_as_django_would(owner: User, private_room: Room) -> None:
    fields: dict[str, Any] = {
        "body": "é 'quoted' \"twice\" 100 %s %%",
        "html": "<p>…</p>",
        "attachments": [{"id": "1", "name": "ä.png"}],
        "mentions": ["owner"],
        "reactions": {"👍": ["owner"]},
        "code": {"text": "x = 1", "lines": [1, 2]},
        "reply_to": uuid.uuid4(),
        "edited_at": datetime(2026, 1, 2, tzinfo=UTC),
    }
    PreparedInsert(Message)([_message(owner, private_room, 1, **fields)])
    Message.objects.bulk_create([_message(owner, private_room, 2, **fields)])
    PreparedInsert(Message)([_message(owner, private_room, 3)])
    Message.objects.bulk_create([_message(owner, private_room, 4)])
    ours, theirs, our_bare, their_bare = Message.objects.order_by("position").values()
    own = {"id", "client_id", "number", "position"}
    assert {k: v for k, v in ours.items() if k not in own} == {
        k: v for k, v in theirs.items() if k not in own
    }
    assert {k: v for k, v in our_bare.items() if k not in own} == {
        k: v for k, v in their_bare.items() if k not in own
    }


def test_a_row_that_breaks_a_constraint_takes_the_rest_with_it(
    owner: User, private_room: Room
) -> None:
    if connection.vendor == "mongodb":
        return  # no transactions: the log's writer stores what is missing at the next attempt
    insert = PreparedInsert(Message)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([_message(owner, private_room, position) for position in (1, 2, 2)])
    assert not Message.objects.exists()
