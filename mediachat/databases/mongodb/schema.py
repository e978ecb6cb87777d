"""Creates indexes that enforce constraints, and makes steps of migrations repeatable.

Nothing rolls back a migration whose process was killed, and nothing keeps two machines from running
the same one. So an object to create may exist already, and one to remove may be gone. MongoDB
itself accepts creating an index that exists with the same options.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeGuard

from django.db.models import BaseConstraint, Field, Index, Model, UniqueConstraint
from django.db.models.options import Options
from django_mongodb_backend import schema
from django_mongodb_backend.query import wrap_database_errors
from pymongo import ASCENDING
from pymongo.errors import CollectionInvalid, OperationFailure
from pymongo.operations import IndexModel

NAMESPACE_NOT_FOUND, INDEX_NOT_FOUND, NAMESPACE_EXISTS = 26, 27, 48
"""MongoDB's codes of errors."""


@contextmanager
def _may_be_gone() -> Iterator[None]:
    """Ignores errors about objects that were removed before."""
    try:
        yield
    except OperationFailure as error:
        if error.code not in (NAMESPACE_NOT_FOUND, INDEX_NOT_FOUND):
            raise
    except ValueError as error:
        # The stock editor's message for an index that it looks up by its columns.
        if not str(error).startswith("Found wrong number (0)"):
            raise


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    @wrap_database_errors
    def create_model(self, model: type[Model]) -> None:
        """Creates the collection, its indexes and those of its many-to-many relations.

        Raises:
            DatabaseError: a collection of that name is not empty, and may be another program's.
        """
        name = model._meta.db_table
        try:
            self.get_database().create_collection(name)
        except (CollectionInvalid, OperationFailure) as error:
            if isinstance(error, OperationFailure) and error.code != NAMESPACE_EXISTS:
                raise
            if self.get_collection(name).find_one({}, {"_id": True}) is not None:
                raise
        self._create_model_indexes(model)
        for field in model._meta.local_many_to_many:
            through: Any = field.remote_field.through
            if through._meta.auto_created:
                self.create_model(through)

    def add_field(self, model: type[Model], field: "Field[Any, Any]") -> None:
        """Fills in the field where it is missing. Where it exists, its value may have been written
        since this migration began before, or since another machine ran it.
        """
        if not field.column:
            super().add_field(model, field)
            return
        default = self.effective_default(field)
        self.get_collection(model._meta.db_table).update_many(
            {field.column: {"$exists": False}}, [{"$set": {field.column: default}}]
        )
        if self._field_should_be_indexed(model, field):
            self._add_field_index(model, field)
        elif self._field_should_have_unique(field):
            self._add_field_unique(model, field)

    def remove_index(self, model: type[Model], index: Index) -> None:
        with _may_be_gone():
            super().remove_index(model, index)

    def _remove_field_index(self, *args: Any, **kwargs: Any) -> None:
        with _may_be_gone():
            super()._remove_field_index(*args, **kwargs)

    def _remove_field_unique(self, *args: Any, **kwargs: Any) -> None:
        with _may_be_gone():
            super()._remove_field_unique(*args, **kwargs)

    def _remove_composed_index(self, *args: Any, **kwargs: Any) -> None:
        with _may_be_gone():
            super()._remove_composed_index(*args, **kwargs)

    def alter_db_table(self, model: type[Model], old_db_table: str, new_db_table: str) -> None:
        with _may_be_gone():
            super().alter_db_table(model, old_db_table, new_db_table)

    def add_index(
        self,
        model: type[Model],
        index: Index,
        *,
        field: Any = None,
        unique: bool = False,
        column_prefix: str = "",
        parent_model: type[Model] | None = None,
    ) -> None:
        """Creates a unique index over non-null columns without a filter.

        The stock one filters by type, so that nulls differ from each other as they do in SQL. But
        the server uses a filtered index only for queries that repeat its filter, which Django's do
        not: each look-up by a unique column would read the whole collection. If there are nulls, a
        second index serves the look-ups.
        """
        fields: list[Any] = (
            [field] if field else [model._meta.get_field(name) for name in index.fields]
        )
        if (
            not unique
            or index.condition
            or column_prefix
            or parent_model
            or any(each.null for each in fields)
        ):
            super().add_index(
                model,
                index,
                field=field,
                unique=unique,
                column_prefix=column_prefix,
                parent_model=parent_model,
            )
            if unique and not index.condition and not (column_prefix or parent_model):
                self._create_index(model, f"{index.name}_find", [each.column for each in fields])
            return
        columns = [each.column for each in fields]
        self._create_index(model, index.name, columns, unique=True)

    def add_constraint(
        self, model: type[Model], constraint: BaseConstraint, *args: Any, **kwargs: Any
    ) -> None:
        super().add_constraint(model, constraint, *args, **kwargs)
        if is_never_reused(constraint):
            *others, last = (column_of(model._meta, name) for name in constraint.fields)
            columns = [*others, had(last)]
            self._create_index(model, f"{constraint.name}_ever", columns, unique=True)

    def remove_constraint(
        self, model: type[Model], constraint: BaseConstraint, *args: Any, **kwargs: Any
    ) -> None:
        super().remove_constraint(model, constraint, *args, **kwargs)
        if is_never_reused(constraint):
            collection = self.get_collection(model._meta.db_table)
            with _may_be_gone():
                collection.drop_index(f"{constraint.name}_ever")

    def _create_index(
        self, model: type[Model], name: str, columns: list[str], *, unique: bool = False
    ) -> None:
        keys = [(column, ASCENDING) for column in columns]
        options = {"unique": True} if unique else {}
        collection = self.get_collection(model._meta.db_table)
        collection.create_indexes([IndexModel(keys, name=name, **options)])


def is_never_reused(constraint: BaseConstraint) -> TypeGuard[UniqueConstraint]:
    """Returns whether values of its last field stay reserved (``chat.models.constraints``)."""
    return getattr(constraint, "never_reused", False)


def column_of(meta: "Options[Any]", field: str) -> str:
    column = getattr(meta.get_field(field), "column")  # noqa: B009
    return str(column)


def had(column: str) -> str:
    """Names the array in which a document keeps all values that it ever used in a column."""
    return f"{column}__had"
