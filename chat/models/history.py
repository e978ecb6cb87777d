"""Models of the identity of the history."""

import uuid

from django.db import models


class History(models.Model):
    """The one row with the id of this database's history (``chat.actions.history``)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_column="_id")
    epoch = models.UUIDField(default=uuid.uuid4)
    """Made at the first start and at every restore. Numbers and positions of messages mean
    nothing to a client that saw another one."""

    class Meta:
        verbose_name_plural = "histories"

    def __str__(self) -> str:
        return str(self.epoch)
