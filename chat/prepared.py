"""What every commit asks and stores, with SQL that is written once.

Django takes several times longer to write the SQL of such a query than the database takes to
answer it, and it depends on nothing but how many ids it is asked about. Where there is no SQL,
Django's own way is taken.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import chain
from typing import Any, Generic, TypeVar, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import QuerySet
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLCompiler

Row = tuple[Any, ...]
M = TypeVar("M", bound=models.Model)

_UUID: "models.UUIDField[UUID, UUID]" = models.UUIDField()


def _has_sql(connection: Any) -> bool:
    return connection.vendor != "mongodb"


class PreparedQuery:
    """A query by ids: ``build`` makes it for lists of them, as tuples of values.

    Called with lists of the same lengths, it asks without being written again. Lengths are
    rounded up to a power of two, by asking about the last one again, so that there are few.
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Any]"]) -> None:
        self._build = build
        self._written: WeakKeyDictionary[Any, dict[tuple[int, ...], _Written]] = WeakKeyDictionary()

    def __call__(self, *lists: Collection[UUID]) -> list[Row]:
        if not all(lists):
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        if not _has_sql(connection):
            return list(self._build(*lists))
        rounded = [_rounded(list(ids)) for ids in lists]
        by_size = self._written.setdefault(connection, {})
        size = tuple(map(len, rounded))
        if size not in by_size:
            by_size[size] = _Written(self._build, size, connection)
        return by_size[size].ask(rounded)


def _rounded(ids: list[UUID]) -> list[UUID]:
    return ids + ids[-1:] * ((1 << (len(ids) - 1).bit_length()) - len(ids))


class _Written:
    """One query for these numbers of ids on one connection."""

    def __init__(
        self, build: Callable[..., "QuerySet[Any, Any]"], size: Sequence[int], connection: Any
    ) -> None:
        markers = [[uuid.uuid4() for _ in range(count)] for count in size]
        self._adapt = partial(_UUID.get_db_prep_value, connection=connection)
        self._compiler: SQLCompiler = build(*markers).query.get_compiler(connection=connection)
        self._sql, params = self._compiler.as_sql()
        self._params = list(params)
        places = {self._adapt(marker): at for at, marker in enumerate(chain(*markers))}
        self._places = [(at, places[param]) for at, param in enumerate(params) if param in places]

    def ask(self, lists: Sequence[Sequence[UUID]]) -> list[Row]:
        given = [self._adapt(id) for ids in lists for id in ids]
        params = self._params.copy()
        for at, place in self._places:
            params[at] = given[place]
        with self._compiler.connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            rows = self._compiler.results_iter([cursor.fetchall()], tuple_expected=True)
            return cast(list[Row], list(rows))


class PreparedInsert(Generic[M]):
    """Stores new rows of one model just as they are, their primary keys too."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._sql: dict[str, str] = {}

    def __call__(self, rows: Sequence[M]) -> None:
        """Raises:
        IntegrityError: one of them breaks a constraint; see to it that none was stored.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        if not _has_sql(connection):
            self._model._default_manager.bulk_create(rows)
            return
        if connection.vendor not in self._sql:
            query = InsertQuery(self._model)
            query.insert_values(self._model._meta.concrete_fields, [*rows[:1]], raw=True)
            ((sql, _),) = query.get_compiler(connection=connection).as_sql()
            self._sql[connection.vendor] = sql
        with connection.cursor() as cursor:
            cursor.executemany(self._sql[connection.vendor], self._values(rows, connection))
        for row in rows:
            row._state.adding, row._state.db = False, connection.alias

    def _values(self, rows: Sequence[M], connection: Any) -> list[list[Any]]:
        fields = self._model._meta.concrete_fields
        columns = [(field.attname, _adapter(field, connection)) for field in fields]
        return [
            [
                value if (value := getattr(row, name)) is None or adapt is None else adapt(value)
                for name, adapt in columns
            ]
            for row in rows
        ]


def _adapter(field: Any, connection: Any) -> Callable[[Any], Any] | None:
    """What makes a field's value one that the driver takes; None where the driver takes all."""
    if isinstance(field, models.TextField | models.IntegerField):
        return None
    return partial(field.get_db_prep_save, connection=connection)
