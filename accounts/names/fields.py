"""Model fields for people's names."""

from typing import Any

from django.db import models

from accounts.names.look_alikes import fold

LENGTH = 255
"""Characters that are kept: a name made before there was a limit can be long when folded."""


class SkeletonField(models.CharField):  # type: ignore[type-arg]
    """The form of a username in which look-alikes are equal (``look_alikes.fold``), set on
    creation.

    Its unique index keeps look-alike names from existing side by side, even if two people sign up
    at the same time. It is set only once: people with look-alike names from before keep them.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if not value:
            value = fold(model_instance.username)[:LENGTH]  # type: ignore[attr-defined]
            setattr(model_instance, self.attname, value)
        return value
