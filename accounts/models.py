"""People."""

import uuid
from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction

from accounts.hashers import TooManyHashes
from accounts.signals import password_rehashed


class User(AbstractUser):
    """Someone with an account.

    Usernames are lower-case and never change: messages, mentions and reactions name people by
    them.
    A person who is suspended has ``is_active`` false, which every door checks.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    display_name = models.CharField(max_length=80, blank=True)
    avatar = models.ImageField(upload_to="avatars/", blank=True)

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["display_name"])]
        permissions = [("suspend_user", "Can suspend and restore people")]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.username = self.normalize_username(self.username)
        # Together with what is recorded of it (accounts.changes), or not at all.
        with transaction.atomic():
            super().save(*args, **kwargs)

    @classmethod
    def normalize_username(cls, username: str) -> str:
        # In lower case, so that the unique index tells names apart as people do.
        return super().normalize_username(username).lower()

    @property
    def avatar_url(self) -> str | None:
        """The path of their picture on this server, wherever it is stored: a store's own address
        may be reachable by the server alone, and can carry the id of its key."""
        return f"/media/{self.avatar.name}" if self.avatar else None

    def check_password(self, raw_password: str | None) -> bool:
        """As Django's, and sessions outlive that a hash of an older kind is replaced."""
        return check_password(raw_password, self.password, self._rehash)

    def _rehash(self, raw_password: str) -> None:
        before = self.get_session_auth_hash()
        try:
            self.set_password(raw_password)
        except TooManyHashes:
            return  # the old hash is good enough for now
        self._password = None  # what else would say that the password was changed
        self.save(update_fields=["password"])
        password_rehashed.send(User, user=self, before=before)

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()
