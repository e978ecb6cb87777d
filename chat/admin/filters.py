"""Filters of lists."""

from typing import Any

from django.contrib import admin


class StartingFilter(admin.SimpleListFilter):
    """Starts with those that a moderator has to do with, rather than with everything.

    ``queryset`` gets None as its value for them; give everything a choice of its own.
    """

    start: str
    """What they are called."""

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.start}
        yield from others
