"""The queries and inserts of every commit, with SQL that is compiled once.

Django takes several times longer to compile such a query than the database takes to answer it, and
the SQL depends only on the number of ids. On databases without SQL, Django's own way is used.
"""

import threading
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache, partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import QuerySet
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLCompiler

from mediachat.databases import capabilities

Row = tuple[Any, ...]
Adapter = Callable[[Any], Any]
K = TypeVar("K", bound=UUID | tuple[UUID, UUID])
M = TypeVar("M", bound=models.Model)

_UUID: "models.UUIDField[UUID, UUID]" = models.UUIDField()


class PreparedQuery(Generic[K]):
    """A query by keys: ``build`` makes it for several, as tuples of values.

    A key is an id or a tuple of them. Keys are filled up to a power of two, by asking about the
    last one again, so that a handful of written queries serves any number.
    """

    def __init__(self, build: Callable[[Sequence[K]], "QuerySet[Any, Any]"]) -> None:
        self._build = build
        self._by_thread = threading.local()  # as connections are

    def __call__(self, keys: Collection[K]) -> list[Row]:
        if not keys:
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        asked = list(keys)
        if not capabilities.of(connection).has_sql:
            return list(self._build(asked))
        size = 1 << (len(asked) - 1).bit_length()  # the next power of two
        written: dict[int, _Written[K]] = vars(self._by_thread).setdefault("written", {})
        if size not in written or written[size].connection is not connection:
            written[size] = _Written(self._build, asked[0], size, connection)
        return written[size].ask([*asked, *repeat(asked[-1], size - len(asked))])


class _Written(Generic[K]):
    """A query for this many keys like this one, on one connection."""

    def __init__(
        self,
        build: Callable[[Sequence[K]], "QuerySet[Any, Any]"],
        like: K,
        size: int,
        connection: Any,
    ) -> None:
        self.connection = connection
        self._adapt = _id_adapter(connection) or (lambda id: id)
        keys: Any = [_marker(like) for _ in range(size)]
        self._compiler: SQLCompiler = build(keys).query.get_compiler(connection=connection)
        self._sql, params = self._compiler.as_sql()
        self._params = list(params)
        places = {marker: place for place, marker in enumerate(self._flat(keys))}
        self._places = [(at, places[param]) for at, param in enumerate(params) if param in places]

    def ask(self, keys: Sequence[K]) -> list[Row]:
        given = self._flat(keys)
        params = self._params.copy()
        for at, place in self._places:
            params[at] = given[place]
        with self.connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            rows = self._compiler.results_iter([cursor.fetchall()], tuple_expected=True)
            return cast(list[Row], list(rows))

    def _flat(self, keys: Sequence[K]) -> list[Any]:
        return [
            self._adapt(id) for key in keys for id in (key if isinstance(key, tuple) else (key,))
        ]


def _marker(like: Any) -> Any:
    return tuple(uuid.uuid4() for _ in like) if isinstance(like, tuple) else uuid.uuid4()


class PreparedInsert(Generic[M]):
    """Stores new rows of one model just as they are, their primary keys too."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._sql: dict[str, str] = {}
        self._columns: dict[str, list[tuple[str, Adapter | None]]] = {}

    def __call__(self, rows: Sequence[M]) -> None:
        """Raises:
        IntegrityError: one of them breaks a constraint; see to it that none was stored.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        if not capabilities.of(connection).has_sql:
            self._model._default_manager.bulk_create(rows)
            return
        if connection.vendor not in self._sql:
            query = InsertQuery(self._model)
            query.insert_values(self._model._meta.concrete_fields, [*rows[:1]], raw=True)
            ((sql, _),) = query.get_compiler(connection=connection).as_sql()
            self._columns[connection.vendor] = [
                (field.attname, _adapter(field, connection))
                for field in self._model._meta.concrete_fields
            ]
            self._sql[connection.vendor] = sql
        with connection.cursor() as cursor:
            cursor.executemany(self._sql[connection.vendor], self._values(rows, connection))
        for row in rows:
            row._state.adding, row._state.db = False, connection.alias

    def _values(self, rows: Sequence[M], connection: Any) -> list[list[Any]]:
        columns = self._columns[connection.vendor]
        return [
            [
                value if (value := getattr(row, name)) is None or adapt is None else adapt(value)
                for name, adapt in columns
            ]
            for row in rows
        ]


class PreparedRaise:
    """Raises one number of many rows, each to a value of its own, and never lowers it.

    The rows are found by ids: ``keys`` names the fields that have them.
    """

    def __init__(self, model: type[models.Model], keys: tuple[str, ...], field: str) -> None:
        self._table = model._meta.db_table
        self._keys = [_column(model, name) for name in keys]
        self._number = _column(model, field)

    def __call__(self, values: Mapping[tuple[UUID, ...], int]) -> None:
        """Gives each row, by its keys, this value. One that is not there is left out."""
        if not values:
            return
        connection: Any = connections[DEFAULT_DB_ALIAS]
        adapt = partial(_UUID.get_db_prep_value, connection=connection)
        rows = [([adapt(key) for key in keys], value) for keys, value in values.items()]
        if capabilities.of(connection).has_sql:
            with connection.cursor() as cursor:
                cursor.executemany(
                    self._statement(connection), [[to, *keys, to] for keys, to in rows]
                )
            return
        from pymongo import UpdateOne

        connection.get_collection(self._table).bulk_write(
            [
                UpdateOne(dict(zip(self._keys, keys, strict=True)), {"$max": {self._number: to}})
                for keys, to in rows
            ],
            ordered=False,
        )

    def _statement(self, connection: Any) -> str:
        quote = connection.ops.quote_name
        number = quote(self._number)
        found = " AND ".join(f"{quote(key)} = %s" for key in self._keys)
        return (
            f"UPDATE {quote(self._table)} "  # noqa: S608  (names of our own models)
            f"SET {number} = %s WHERE {found} AND {number} < %s"
        )


def _column(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.column)


def _adapter(field: Any, connection: Any) -> Adapter | None:
    """What makes a field's value one that the driver takes; None where the driver takes all.

    Django's own ways take more time than all else that is done for a row, so what most rows have
    in common is found without them.
    """
    field = getattr(field, "target_field", field)
    if isinstance(field, models.TextField | models.IntegerField):
        return None
    if isinstance(field, models.UUIDField):
        return _id_adapter(connection)
    adapt: Adapter = partial(field.get_db_prep_save, connection=connection)
    if isinstance(field, models.DateTimeField):
        return lru_cache(maxsize=8)(adapt)  # all rows of a batch have the same
    if isinstance(field, models.JSONField):
        usual = field.get_default()
        stored = adapt(usual)
        return lambda value: stored if value == usual else adapt(value)
    return adapt


def _id_adapter(connection: Any) -> Adapter | None:
    """The same for an id: as text where the database knows no such type."""
    return None if connection.features.has_native_uuid_field else attrgetter("hex")
