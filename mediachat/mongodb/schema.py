"""Indexes that keep what a constraint says and that queries can use too."""

from typing import Any

from django.db.models import Index, Model
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
        Django's do not: each look-up by a unique column would read the whole collection.
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
            return
        keys = [(each.column, ASCENDING) for each in fields]
        collection = self.get_collection(model._meta.db_table)
        collection.create_indexes([IndexModel(keys, name=index.name, unique=True)])
