"""Lists of the admin, which answer whatever is asked of them."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
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
    """Bounds what can be asked of a list by its address."""

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

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        if len(search_term) > SEARCH_LIMIT:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)
