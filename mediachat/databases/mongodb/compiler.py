"""Compiles queries for MongoDB: assigns integer ids, and lets indexes give the order."""

from typing import Any

from bson import Int64
from django.db.models import AutoField
from django.db.models.options import Options
from django_mongodb_backend import compiler, query
from pymongo import ReturnDocument

from mediachat.databases.mongodb.schema import column_of, had, is_never_reused

COUNTERS = "__counters__"
"""The collection that keeps the last integer id of each other one."""


class MongoQuery(query.MongoQuery):
    def get_pipeline(self) -> list[dict[str, Any]]:
        """Returns the stages, with those that reduce the result as early as possible.

        The stock order joins other collections first and sorts last, so that the newest message of
        a room would cost reading the whole room: the server moves a ``$match`` but not a ``$sort``
        over a ``$project``.
        """
        if self.aggregation_pipeline or self.combinator_pipeline or self.search_pipeline:
            return super().get_pipeline()
        return _in_order(super().get_pipeline(), _own_columns(self))


def _own_columns(asked: MongoQuery) -> frozenset[str]:
    model = asked.query.model
    return frozenset(field.column for field in model._meta.concrete_fields if field.column)


def _in_order(pipeline: list[dict[str, Any]], own: frozenset[str]) -> list[dict[str, Any]]:
    wrapped = pipeline[0].get("$lookup", {}) if pipeline else {}
    if len(pipeline) == 2 and "$set" in pipeline[1] and "pipeline" in wrapped:
        # A subquery: the documents to sort are inside it.
        inside = _in_order(wrapped["pipeline"], own)
        return [{"$lookup": {**wrapped, "pipeline": inside}}, pipeline[1]]
    early, late = _divided(pipeline, own)
    rest = [stage for stage in pipeline if "$match" not in stage]
    if late:
        # Conditions on joined documents stay after their join.
        lookups = [stage for stage in rest if stage.keys() & {"$lookup", "$unwind", "$set"}]
        return [*early, *lookups, *late, *(stage for stage in rest if stage not in lookups)]
    sorts = [stage["$sort"] for stage in rest if "$sort" in stage]
    computed = {
        name
        for stage in rest
        for made in (stage.get("$project", {}), stage.get("$addFields", {}))
        for name, value in made.items()
        if value not in (1, True, f"${name}")
    }
    if sorts and not set(sorts[0]) <= own - computed:
        return [*early, *rest]
    # Everything is filtered, so the first rows in this order are the rows requested. A join that
    # may drop rows comes with an unwinding, which keeps all rows of a left join.
    if any(_may_drop_rows(stage) for stage in rest):
        ends: list[dict[str, Any]] = [stage for stage in rest if "$sort" in stage]
    else:
        ends = [stage for stage in rest if stage.keys() & {"$sort", "$skip", "$limit"}]
    return [*early, *ends, *(stage for stage in rest if stage not in ends)]


def _divided(
    pipeline: list[dict[str, Any]], own: frozenset[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Splits the conditions into those on the documents themselves and those on joined
    documents.
    """
    conditions = [
        each for stage in pipeline if "$match" in stage for each in _conjuncts(stage["$match"])
    ]
    early = [each for each in conditions if _names(each) <= own]
    late = [each for each in conditions if each not in early]
    return _matching(early), _matching(late)


def _conjuncts(match: dict[str, Any]) -> list[dict[str, Any]]:
    if match.keys() == {"$and"}:
        return [inner for each in match["$and"] for inner in _conjuncts(each)]
    return [match]


def _matching(conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not conditions:
        return []
    return [{"$match": conditions[0] if len(conditions) == 1 else {"$and": conditions}}]


def _may_drop_rows(stage: dict[str, Any]) -> bool:
    unwind = stage.get("$unwind")
    if unwind is None:
        return False
    return not (isinstance(unwind, dict) and unwind.get("preserveNullAndEmptyArrays"))


def _names(match: Any) -> set[str]:
    """Yields the fields that a condition reads, each by its full path."""
    if isinstance(match, list):
        return set().union(*map(_names, match)) if match else set()
    if not isinstance(match, dict):
        return {match[1:]} if isinstance(match, str) and _is_field(match) else set()
    names: set[str] = set()
    for key, value in match.items():
        if key == "$expr" or key.startswith("$"):
            names |= _names(value)
        else:
            names.add(key)
    return names


def _is_field(value: str) -> bool:
    return value.startswith("$") and not value.startswith("$$")


def _never_reused(meta: "Options[Any]") -> dict[str, int | None]:
    """Returns the columns of a collection whose values stay reserved for the document that used
    them, and how many documents have them; None for all.
    """
    return {
        column_of(meta, constraint.fields[-1]): getattr(constraint, "remembered", None)
        for constraint in meta.constraints
        if is_never_reused(constraint)
    }


class SQLCompiler(compiler.SQLCompiler):
    query_class = MongoQuery


class SQLAggregateCompiler(compiler.SQLAggregateCompiler):
    query_class = MongoQuery


class SQLDeleteCompiler(compiler.SQLDeleteCompiler):
    query_class = MongoQuery


class SQLUpdateCompiler(compiler.SQLUpdateCompiler):
    query_class = MongoQuery

    def update(self, criteria: dict[str, Any], pipeline: list[dict[str, Any]]) -> int:
        for column, remembered in _never_reused(self.query.get_meta()).items():
            values = pipeline[0]["$set"]
            if column in values:
                before = {"$ifNull": [f"${had(column)}", [f"${column}"]]}
                ever: dict[str, Any] = {"$concatArrays": [before, [values[column]]]}
                values[had(column)] = {"$slice": [ever, -remembered]} if remembered else ever
        return super().update(criteria, pipeline)


class SQLInsertCompiler(compiler.SQLInsertCompiler):
    query_class = MongoQuery

    @query.wrap_database_errors
    def insert(self, docs: list[dict[str, Any]], returning_fields: Any = None) -> list[Any]:
        meta = self.query.get_meta()
        for column in _never_reused(meta):
            for doc in docs:
                doc[had(column)] = [doc[column]]
        field = meta.auto_field
        if not isinstance(field, AutoField):
            return super().insert(docs, returning_fields)
        column = str(field.column)
        self._deal(docs, column)
        super().insert(docs)
        return [(int(doc[column]),) for doc in docs] if returning_fields else []

    def _deal(self, docs: list[dict[str, Any]], column: str) -> None:
        """Assigns the next integer of the collection to each document without an id.

        Runs outside any session, so that no two get the same; gaps are fine, as they are in SQL.
        """
        counters = self.connection.database[COUNTERS]
        key = {"_id": self.collection_name}
        given = [doc[column] for doc in docs if doc.get(column) is not None]
        if given:
            counters.update_one(key, {"$max": {"last": Int64(max(given))}}, upsert=True)
        new = [doc for doc in docs if doc.get(column) is None]
        if not new:
            return
        last = counters.find_one_and_update(
            key,
            {"$inc": {"last": Int64(len(new))}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )["last"]
        for number, doc in enumerate(new, start=last - len(new) + 1):
            doc[column] = Int64(number)
