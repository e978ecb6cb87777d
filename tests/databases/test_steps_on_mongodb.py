"""On MongoDB each step of a migration may be made again, since nothing takes it back."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connections, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from mediachat.databases import copy_database
from tests import databases

LABEL = "chat"


class Database:
    """Takes operations as the migrations of one app."""

    def __init__(self, alias: str) -> None:
        self.connection = connections[alias]
        self.state = ProjectState()

    def make(self, operation: Operation, *, times: int = 2) -> None:
        before = self.state.clone()
        operation.state_forwards(LABEL, self.state)
        for _ in range(times):
            with self.connection.schema_editor() as editor:
                operation.database_forwards(LABEL, editor, before, self.state)

    @property
    def documents(self) -> Any:
        return self.connection.database["chat_thing"]  # type: ignore[attr-defined]

    @property
    def indexes(self) -> set[str]:
        return {"_".join(key for key, _ in each["key"]) for each in self.information.values()}

    @property
    def information(self) -> dict[str, Any]:
        found: dict[str, Any] = self.documents.index_information()
        return found


@pytest.fixture
def database(mongodb: str, django_db_blocker: Any) -> Iterator[Database]:
    with django_db_blocker.unblock():
        copy_database.connect("steps", databases.create(mongodb))
        yield Database("steps")
        connections["steps"].close_pool()  # type: ignore[attr-defined]
    del connections["steps"]
    del connections.settings["steps"]


THING = migrations.CreateModel(
    "Thing",
    [
        ("id", models.IntegerField(db_column="_id", primary_key=True)),
        ("name", models.CharField(max_length=10, unique=True)),
        ("kind", models.CharField(max_length=10, db_index=True)),
    ],
    options={"unique_together": {("name", "kind")}},
)


def alter(name: str, field: "models.Field[Any, Any]") -> Operation:
    return migrations.AlterField("thing", name, field)


def test_each_step_is_made_twice(database):
    make = database.make
    make(THING)
    assert database.indexes == {"_id", "name", "kind", "name_kind"}
    database.documents.insert_one({"_id": 1, "name": "a", "kind": "x"})
    make(migrations.AlterUniqueTogether("thing", set()))
    assert database.indexes == {"_id", "name", "kind"}
    make(alter("name", models.CharField(max_length=10)))
    make(alter("kind", models.CharField(max_length=10)))
    assert database.indexes == {"_id"}
    make(alter("name", models.CharField(max_length=10, unique=True)))
    make(migrations.AddIndex("thing", models.Index(fields=["kind"], name="of_kind")))
    make(
        migrations.AddConstraint(
            "thing", models.UniqueConstraint(fields=["kind", "name"], name="one")
        )
    )
    assert {"of_kind", "one"} <= set(database.information)
    make(migrations.RemoveConstraint("thing", "one"))
    make(migrations.RemoveIndex("thing", "of_kind"))
    make(migrations.AddField("thing", "size", models.IntegerField(default=3, unique=True)))
    make(migrations.RenameField("thing", "size", "width"))
    assert list(database.documents.find()) == [{"_id": 1, "name": "a", "kind": "x", "width": 3}]
    make(migrations.RemoveField("thing", "width"))
    assert list(database.documents.find()) == [{"_id": 1, "name": "a", "kind": "x"}]
    assert database.indexes == {"_id", "name"}
    make(migrations.DeleteModel("Thing"))
    make(THING)
    assert database.indexes == {"_id", "name", "kind", "name_kind"}


def test_a_field_that_is_added_again_keeps_what_was_written(database):
    """By this migration's own next step, or by people on a machine that was quicker."""
    database.make(THING)
    database.documents.insert_one({"_id": 1, "name": "a", "kind": "x"})
    add = migrations.AddField("thing", "size", models.IntegerField(null=True))
    with database.connection.schema_editor() as editor:
        before = database.state.clone()
        database.make(add, times=1)
        database.documents.update_one({"_id": 1}, {"$set": {"size": 7}})
        add.database_forwards(LABEL, editor, before, database.state)
    assert database.documents.find_one() == {"_id": 1, "name": "a", "kind": "x", "size": 7}


def test_a_collection_with_something_in_it_is_not_taken_over(database):
    database.documents.insert_one({"theirs": True})
    with pytest.raises(DatabaseError):
        database.make(THING)
