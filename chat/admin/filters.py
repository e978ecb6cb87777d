"""Filters for the admin's lists."""

from typing import Any

from django.contrib import admin


class StartingFilter(admin.SimpleListFilter):
    """A filter that starts with the objects that need a moderator, rather than with all.

    ``queryset`` gets None as its value for them; give "all" a choice of its own.
    """

    start: str
    """What they are called."""

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.start}
        yield from others
