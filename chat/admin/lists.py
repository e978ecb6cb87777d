"""Lists of the admin, which answer whatever is asked of them."""

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
    """Goes back to the list as it starts where the database cannot say what is asked."""

    def get_results(self, request: HttpRequest) -> None:
        # Django catches what it can see before a query is made. A year that no calendar has, or a
        # number that no column holds, is seen only when one is.
        try:
            super().get_results(request)
        except (ValueError, OverflowError, ValidationError, DataError) as error:
            raise IncorrectLookupParameters(error) from error


class ListAdmin(ModelAdmin, Generic[M]):
    """Bounds what can be asked of a list by its address, and shows what people wrote in the
    direction of its own letters."""

    also_looked_up: Sequence[str] = ()
    """Look-ups that links of ours use, beside the list's filters."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AskedList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The filters that the page shows and no others: Django would let anyone who may see a
        list ask for ``?body__startswith=…`` and so read, letter by letter, what it does not show,
        or have the database compare each row with a pattern that takes it minutes.
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
    """Whether a column has what people wrote."""
    return isinstance(field, CharField | TextField) and not field.choices


def _isolated(field: "Field[Any, Any]") -> Callable[[Model], SafeString]:
    """A column of a list for this field."""

    def shown(row: Model) -> SafeString:
        return format_html("<bdi>{}</bdi>", getattr(row, field.name))

    shown.__name__ = field.name
    shown.short_description = field.verbose_name  # type: ignore[attr-defined]
    shown.admin_order_field = field.name  # type: ignore[attr-defined]
    return shown
