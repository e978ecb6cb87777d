"""Indexes that keep what a constraint says and that queries can use too."""

from typing import Any, TypeGuard

from django.db.models import BaseConstraint, Index, Model, UniqueConstraint
from django.db.models.options import Options
from django_mongodb_backend import schema
from pymongo import ASCENDING
from pymongo.operations import IndexModel


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
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
        """A unique index over columns that are never null is made without a filter.

        The stock one filters by type, so that nulls differ from each other as they do in SQL.
        But the server uses a filtered index only for queries that repeat its filter, which
        Django's do not: each look-up by a unique column would read the whole collection. Where
        there are nulls, a second index serves the look-ups.
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
            collection.drop_index(f"{constraint.name}_ever")

    def _create_index(
        self, model: type[Model], name: str, columns: list[str], *, unique: bool = False
    ) -> None:
        keys = [(column, ASCENDING) for column in columns]
        options = {"unique": True} if unique else {}
        collection = self.get_collection(model._meta.db_table)
        collection.create_indexes([IndexModel(keys, name=name, **options)])


def is_never_reused(constraint: BaseConstraint) -> TypeGuard[UniqueConstraint]:
    """Whether values of its last field stay taken (``chat.models.constraints``)."""
    return getattr(constraint, "never_reused", False)


def column_of(meta: "Options[Any]", field: str) -> str:
    column = getattr(meta.get_field(field), "column")  # noqa: B009
    return str(column)


def had(column: str) -> str:
    """The array in which a document keeps all that it ever had in a column."""
    return f"{column}__had"
