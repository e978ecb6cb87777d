"""Models of people and their erasure."""

import uuid
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, models, transaction

from accounts.names import usernames
from accounts.names.fields import LENGTH, SkeletonField
from accounts.names.look_alikes import fold
from accounts.passwords.hashers import TooManyHashes
from accounts.signals import password_rehashed
from mediachat.folding import FoldedField, Named, NamedQuerySet


class UsernameTaken(ValidationError, IntegrityError):
    """The name of a new account, or one that looks like it, is taken."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody has this username, or one that looks like it. Choose another.",
            code="username_taken",
        )


class WasErased(PermissionDenied):
    """The person was erased after the data to be written about them was read."""

    def __init__(self) -> None:
        super().__init__("This account has been erased.")


class PeopleManager(UserManager.from_queryset(NamedQuerySet)):  # type: ignore[misc]
    """Django's manager, which also writes the columns that search uses."""

    use_in_migrations = False


class User(Named, AbstractUser):
    """A person with an account.

    Usernames are lower-case and never change: messages, mentions and reactions name people by them.
    Only erasing a person (``accounts.erasure``) gives them another. A suspended person has
    ``is_active`` false, which every endpoint checks.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    username = models.CharField(
        max_length=150,
        unique=True,
        validators=usernames.validators,
        help_text="Letters, digits and underscores, with single dots or hyphens between them.",
        error_messages={"unique": "A user with that username already exists."},
    )
    skeleton = SkeletonField(max_length=LENGTH, unique=True, editable=False, default="")
    display_name = models.CharField(max_length=80, blank=True)
    username_folded = FoldedField(of="username")
    display_name_folded = FoldedField(of="display_name")
    avatar = models.ImageField(upload_to="avatars/", blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the account was closed for good. The row stays, since messages refer to it."""

    objects = PeopleManager()  # type: ignore[misc]

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["display_name"])]
        permissions = [
            ("suspend_user", "Can suspend and restore people"),
            ("erase_user", "Can erase people"),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises:
        ValidationError: a new account's name is none that people may have.
        UsernameTaken: somebody has it, or one that looks like it.
        WasErased: this was read before they were.
        """
        self.username = self.normalize_username(self.username)
        is_new = self._state.adding
        if is_new:
            usernames.check(self.username)
            if is_former(self.username):
                raise UsernameTaken
        try:
            # In one transaction with its record (accounts.records.changes).
            with transaction.atomic():
                super().save(*args, **kwargs)
        except DatabaseError as error:
            if not is_new and User.objects.filter(pk=self.pk).exclude(erased_at=None).exists():
                raise WasErased from error
            is_refused = is_new and isinstance(error, IntegrityError)
            if is_refused and User.objects.filter(skeleton=self.skeleton).exists():
                raise UsernameTaken from error
            raise

    def _do_update(self, base_qs: Any, *args: Any) -> Any:
        # Everything read about a person may be older than their erasure, which can come at any
        # moment. The condition is in the statement itself, as not every database has locks.
        return super()._do_update(base_qs.filter(erased_at=None), *args)

    @classmethod
    def normalize_username(cls, username: str) -> str:
        # In one spelling, so that the unique index compares names as people do.
        return usernames.normalize(username)

    @property
    def avatar_url(self) -> str | None:
        """Returns the path of their picture on this server, wherever it is stored: a store's own
        address may be reachable by the server alone, and can contain the id of its key.
        """
        return f"{settings.URL_PREFIX}/media/{self.avatar.name}" if self.avatar else None

    def check_password(self, raw_password: str | None) -> bool:
        """Checks like Django, but keeps sessions alive when an outdated hash is replaced."""
        return check_password(raw_password, self.password, self._rehash)

    def _rehash(self, raw_password: str) -> None:
        before = self.get_session_auth_hash()
        try:
            self.set_password(raw_password)
        except TooManyHashes:
            return  # the old hash is good enough for now
        self._password = None  # otherwise this would look like a changed password
        self.save(update_fields=["password"])
        password_rehashed.send(User, user=self, before=before)

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()


class Erasure(models.Model):
    """The progress of a person's erasure (``accounts.erasure``).

    There may be many messages, so a process erases them after the account is closed. If it dies,
    another continues.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    user = models.OneToOneField(User, models.CASCADE, related_name="erasure")
    name_hash = models.CharField(max_length=64, db_index=True, editable=False)
    """What tells the former username, so that nobody else gets it (``is_former``)."""
    former_username = models.CharField(max_length=150, blank=True, editable=False)
    """Empty once nothing names them by it any more."""
    former_avatar = models.CharField(max_length=100, blank=True, editable=False)
    """The name of the picture's file, until it is deleted."""
    keeps_messages = models.BooleanField()
    begun_at = models.DateTimeField(db_index=True)
    worked_at = models.DateTimeField(null=True, editable=False)
    """When a process last said that it works on this."""
    room = models.UUIDField(null=True, editable=False)
    number = models.PositiveBigIntegerField(default=0, editable=False)
    """The messages of this room up to this number are done, and all rooms with smaller ids."""
    finished_at = models.DateTimeField(null=True, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"Erasure of {self.user_id}"


def hash_of(name: str) -> str:
    """Returns the SHA-256, in hexadecimal digits, of the name with look-alikes folded."""
    return sha256(fold(name)[:LENGTH].encode()).hexdigest()


def is_former(name: str) -> bool:
    """Returns whether an erased person had this username, or one that looks like it.

    Nobody else gets it: others remember who had it, and so do backups and the audit log. Only a
    hash of the name is kept, so that the table does not list names.
    """
    return Erasure.objects.filter(name_hash=hash_of(name)).exists()
