"""Base classes for the admin's lists, which handle any query in the address."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import CharField, Field, Model, QuerySet, TextField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

SEARCH_LIMIT = 200
"""Characters to search for. Each word of them costs every row a comparison."""
LOOKUPS = ("", "exact", "isnull", "gte", "lt")
"""What the filters beside a list ask of a field."""

M = TypeVar("M", bound=Model)


class AskedList(ChangeList):
    """Returns to the unfiltered list if the database cannot express the query."""

    def get_results(self, request: HttpRequest) -> None:
        # Django catches errors that show before a query runs. A year that no calendar has, or a
        # number that no column holds, shows only when it runs.
        try:
            super().get_results(request)
        except (ValueError, OverflowError, ValidationError, DataError) as error:
            raise IncorrectLookupParameters(error) from error


class ListAdmin(ModelAdmin, Generic[M]):
    """Restricts the filters that a list's address can use, and shows people's texts in the
    direction of their own letters.
    """

    also_looked_up: Sequence[str] = ()
    """Look-ups that links of ours use, beside the list's filters."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AskedList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allows only the filters that the page shows: Django would let anyone who may see a list
        query ``?body__startswith=…`` and so read hidden text letter by letter, or make the database
        match each row against a pattern that takes minutes.
        """
        names = {
            each if isinstance(each, str) else getattr(each, "parameter_name", "")
            for each in self.list_filter
        }
        name, _, question = lookup.partition("__")
        return lookup in self.also_looked_up or (name in names and question in LOOKUPS)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        fields = {field.name: field for field in self.opts.fields if _holds_text(field)}
        return [
            _isolated(fields[each]) if each in fields else each
            for each in super().get_list_display(request)
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and _holds_text(db_field):
            field.widget.attrs["dir"] = "auto"
        return field

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        if len(search_term) > SEARCH_LIMIT:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)


def _holds_text(field: Any) -> bool:
    """Returns whether a column holds people's texts."""
    return isinstance(field, CharField | TextField) and not field.choices


def _isolated(field: "Field[Any, Any]") -> Callable[[Model], SafeString]:
    """Returns a list column for this field."""

    def shown(row: Model) -> SafeString:
        return format_html("<bdi>{}</bdi>", getattr(row, field.name))

    shown.__name__ = field.name
    shown.short_description = field.verbose_name  # type: ignore[attr-defined]
    shown.admin_order_field = field.name  # type: ignore[attr-defined]
    return shown
