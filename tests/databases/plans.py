"""How a database goes about each query: whether by an index, or by reading all there is."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.db import connection as default_connection
from django.db.backends.utils import CursorWrapper

READ = ("SELECT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Query:
    """SQL with its parameters; on MongoDB a collection with the stages of its pipeline."""

    asked: str
    of: Any

    @property
    def shape(self) -> str:
        """The same for all queries that a database goes about in the same way."""
        mql = self.asked if self.is_sql else f"{self.asked} {_shape(self.of)}"
        return re.sub(r"\(%s(, %s)*\)", "(…)", mql)

    @property
    def is_sql(self) -> bool:
        return self.asked.startswith(READ)

    @property
    def table(self) -> str:
        """The first table that is read."""
        found = re.search(r'(?:FROM|UPDATE) "(\w+)"', self.asked)
        return found[1] if found else self.asked

    def __str__(self) -> str:
        return f"{self.asked} {self.of}"


def _shape(value: Any) -> Any:
    """Stages without the values that are compared."""
    if isinstance(value, dict):
        return {name: _shape(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [_shape(part) for part in value]
        return parts if any(isinstance(part, dict) for part in parts) else parts[:2]
    is_field = isinstance(value, str) and value.startswith("$")
    return value if is_field else type(value).__name__


@contextmanager
def noting(note: Callable[[Query], None]) -> Iterator[None]:
    """Tells of every query in here, on whatever connection and in whatever thread."""
    on_mongodb = default_connection.vendor == "mongodb"
    with _noting_mongodb(note) if on_mongodb else _noting_sql(note):
        yield


@contextmanager
def noted() -> Iterator[list[Query]]:
    """Every query in here."""
    found: list[Query] = []
    with noting(found.append):
        yield found


@contextmanager
def _noting_sql(note: Callable[[Query], None]) -> Iterator[None]:
    wrapper: Any = CursorWrapper
    execute = wrapper._execute

    def noted_execute(self: Any, sql: Any, params: Any, *context: Any) -> Any:
        if isinstance(sql, str) and sql.startswith(READ):
            note(Query(sql, params))
        return execute(self, sql, params, *context)

    with patch.object(CursorWrapper, "_execute", noted_execute):
        yield


@contextmanager
def _noting_mongodb(note: Callable[[Query], None]) -> Iterator[None]:
    from mediachat.databases.mongodb import compiler

    read, remove = compiler.MongoQuery.get_cursor, compiler.MongoQuery.delete
    update = compiler.SQLUpdateCompiler.update

    def noted_read(self: Any) -> Any:
        note(Query(self.compiler.collection_name, self.get_pipeline()))
        return read(self)

    def noted_remove(self: Any) -> Any:
        note(Query(self.compiler.collection_name, [{"$match": self.match_mql}]))
        return remove(self)

    def noted_update(self: Any, criteria: Any, pipeline: Any) -> Any:
        note(Query(self.collection_name, [{"$match": criteria}]))
        return update(self, criteria, pipeline)

    with (
        patch.object(compiler.MongoQuery, "get_cursor", noted_read),
        patch.object(compiler.MongoQuery, "delete", noted_remove),
        patch.object(compiler.SQLUpdateCompiler, "update", noted_update),
    ):
        yield


def scan_in(query: Query, connection: Any = default_connection) -> str | None:
    """What in this query reads a whole table, or None."""
    explain = {"sqlite": _sqlite, "postgresql": _postgresql, "mongodb": _mongodb}
    return explain[connection.vendor](connection, query.asked, query.of)


def _sqlite(connection: Any, sql: str, params: Any) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        steps = [row[3] for row in cursor.fetchall()]
    for step in steps:
        if step.startswith("SCAN") and "(subquery" not in step and "CONSTANT ROW" not in step:
            return f"{step}: {sql}"
        if "TEMP B-TREE FOR ORDER BY" in step and 'FROM "chat_message"' in sql:
            return f"sorts a room's whole log: {sql}"
    return None


def _postgresql(connection: Any, sql: str, params: Any) -> str | None:
    with connection.cursor() as cursor:
        # A small table is read whole whatever its indexes; so only where there is no other way.
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
        cursor.execute("RESET enable_seqscan")
    text = json.dumps(plan)
    return f"{sql}: {text}" if '"Seq Scan"' in text else None


def _mongodb(connection: Any, collection: str, stages: list[Any]) -> str | None:
    """Whether an index leads to the documents, by the shape of the stages.

    The emulator of MongoDB plans nothing; a real server is asked too.
    """
    problem = _unindexed(collection, stages)
    if problem or "mongoeco" in str(_mongo().connection.server_info().get("gitVersion")):
        return problem
    explained = _mongo().database.command(
        "explain", {"aggregate": collection, "pipeline": stages, "cursor": {}}
    )
    return f"{collection} {stages}" if "COLLSCAN" in str(explained) else None


def _mongo() -> Any:
    return default_connection


def _unindexed(collection: str, stages: list[Any]) -> str | None:
    first = stages[0] if stages else {}
    if "$match" not in first and any("$match" in stage for stage in stages):
        return f"{collection} is filtered only after something else: {stages}"
    filtered = _constrained(first.get("$match", {}))
    sort: dict[str, int] = next((stage["$sort"] for stage in stages if "$sort" in stage), {})
    order = next(iter(sort), None)
    if not _is_indexed(collection, filtered):
        return f"{collection} has no index that begins with one of {filtered}: {stages}"
    if collection == "chat_message" and order and order not in filtered:
        fitting = [keys for keys in _indexes(collection) if order in keys and keys[0] in filtered]
        if not fitting:
            return f"{collection} is sorted by {order} without an index: {stages}"
    for stage in stages:
        lookup = stage.get("$lookup", {})
        inner = lookup.get("pipeline")
        if key := lookup.get("foreignField"):
            # Joined by this key: what else the stages within ask is asked of one document.
            if not _is_indexed(lookup["from"], {key}):
                return f"{lookup['from']} is joined by {key}, which has no index"
        elif inner and (problem := _unindexed(lookup["from"], inner)):
            return problem
    return None


def _indexes(collection: str) -> list[list[str]]:
    """The keys of each index that serves every query."""
    found = _mongo().database[collection].index_information().values()
    return [
        [name for name, _ in index["key"]]
        for index in found
        if "partialFilterExpression" not in index
    ]


def _is_indexed(collection: str, fields: set[str]) -> bool:
    return any(keys[0] in fields for keys in _indexes(collection))


def _constrained(match: Any) -> set[str]:
    """The fields that a condition holds to values or ranges."""
    found: set[str] = set()
    for name, value in match.items() if isinstance(match, dict) else ():
        if name == "$and":
            for each in value:
                found |= _constrained(each)
        elif name == "$or":
            found |= set.intersection(*map(_constrained, value)) if value else set()
        elif name == "$expr":
            found |= _compared(value)
        elif not name.startswith("$"):
            found.add(name)
    return found


def _compared(expression: Any) -> set[str]:
    if not isinstance(expression, dict):
        return set()
    found: set[str] = set()
    for name, value in expression.items():
        if name == "$and":
            for each in value:
                found |= _compared(each)
        elif name in ("$eq", "$gt", "$gte", "$lt", "$lte") and isinstance(value, list):
            fields = [v for v in value if isinstance(v, str) and v.startswith("$")]
            found |= {field[1:] for field in fields if not field.startswith("$$")}
    return found
