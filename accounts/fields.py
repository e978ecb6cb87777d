"""Fields of people."""

from typing import Any

from django.db import models

from accounts.look_alikes import fold

LENGTH = 255
"""Characters that are kept: a name made before there was a limit can be long when folded."""


class SkeletonField(models.CharField):  # type: ignore[type-arg]
    """What a username is taken for (``look_alikes.fold``), filled in when the row is made.

    Its unique index lets nobody stand beside somebody who looks the same, also where two sign up at
    once. It is never filled in twice: people who stood beside each other before keep their names.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if not value:
            value = fold(model_instance.username)[:LENGTH]  # type: ignore[attr-defined]
            setattr(model_instance, self.attname, value)
        return value
