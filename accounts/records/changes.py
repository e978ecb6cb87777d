"""Publishes every change of an account to the modules that keep a record: what, by whom and how.

It listens to the models' own signals, so the page, program or command that made the change does not
matter. Changes by ``QuerySet.update``, ``bulk_create`` and SQL send no signal.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in import guessing
from accounts.signals import account_changed

ROLES = {"is_superuser": "superuser", "is_staff": "staff"}
WATCHED = ("password", "email", "is_superuser", "is_staff", "is_active")
COMMAND_LINE = "command line"
NOBODY = "nobody signed in"
WAYS = {
    "accounts_first_administrator": "with the link that the server printed",
    "account_reset_password_from_key": "with a link sent by e-mail",
}
"""How somebody changes an account whom the admin did not let in, by the names of addresses."""
OWN_CHANGES = 100
"""Changes a day that a person makes to their own account and of which each is recorded: what is
recorded stays for good, so nobody can make more and more of it."""

logger = structlog.get_logger("accounts.changes")


def tell(action: str, about: Model, what: str) -> None:
    """Publishes a change of this account or group: ``what`` is a sentence without secrets.

    Erasing a person changes many fields, but it is one decision and is recorded as one.
    """
    if getattr(about, "erased_at", None):
        return
    request: HttpRequest | None = context.request
    actor, how = _actor(request)
    logger.info(
        "account_changed",
        actor=actor,
        action=action,
        about=str(about),
        address=guessing.address_of(request) if request else "",
    )
    if actor == str(about):
        made = _made_today(about)
        if made > OWN_CHANGES:
            return
        if made == OWN_CHANGES:
            what += f" No further change of today is recorded, since there were {OWN_CHANGES}."
    account_changed.send(User, actor=actor, action=action, about=about, what=f"{what}{how}")


def _actor(request: HttpRequest | None) -> tuple[str, str]:
    """Returns who is acting now, and by which means if that adds something."""
    if request is None:
        return COMMAND_LINE, ""
    match = request.resolver_match
    way = WAYS.get(match.view_name if match else "", "")
    if request.user.is_authenticated:
        return str(request.user), f" Done {way}." if way else ""
    return NOBODY, f" Done {way or 'without signing in'}."


def _made_today(person: Model) -> int:
    key = f"own-changes:{person.pk}"
    cache.add(key, 0, 24 * 3600)
    try:
        return cache.incr(key)
    except ValueError:  # it became too old in between
        return 1


# -- People ------------------------------------------------------------------------------------


@receiver(pre_save, sender=User)
def _before(instance: User, raw: bool, update_fields: Iterable[str] | None, **kwargs: Any) -> None:
    """Looks up the stored row, unless this save writes no field that matters here."""
    instance._stored_before = None  # type: ignore[attr-defined]
    if raw or instance._state.adding:
        return
    if update_fields is None or set(update_fields) & set(WATCHED):
        rows = User.objects.filter(pk=instance.pk).values(*WATCHED)
        instance._stored_before = rows.first()  # type: ignore[attr-defined]


@receiver(post_save, sender=User)
def _after(
    instance: User,
    created: bool,
    raw: bool,
    update_fields: Iterable[str] | None,
    **kwargs: Any,
) -> None:
    if raw:
        return
    if created:
        _made(instance)
        return
    before = instance._stored_before  # type: ignore[attr-defined]
    if before is None:
        return
    written = set(WATCHED if update_fields is None else update_fields)
    for field, role in ROLES.items():
        if field in written and before[field] != getattr(instance, field):
            given = getattr(instance, field)
            tell(
                f"{'make' if given else 'unmake'}_{role}",
                instance,
                f"{'Made' if given else 'No longer'} {role}.",
            )
    if "password" in written and before["password"] != instance.password:
        # A correct password with an old hash is hashed again automatically.
        is_hashed_anew = update_fields is not None and getattr(instance, "_password", None) is None
        if not is_hashed_anew:
            tell("change_password", instance, "New password.")
    if "email" in written and before["email"] != instance.email:
        tell("change_email", instance, "Another e-mail address.")
    # If only these fields change, it is a moderator's decision, recorded with its reason.
    is_decision = update_fields is not None and set(update_fields) == {"is_active"}
    if "is_active" in written and before["is_active"] != instance.is_active and not is_decision:
        tell(
            "activate" if instance.is_active else "deactivate",
            instance,
            f"{'Active' if instance.is_active else 'Not active'}, without a decision.",
        )


def _made(person: User) -> None:
    """Records a new account, except one that a person made by signing up: anyone can do
    that often.
    """
    roles = [role for field, role in ROLES.items() if getattr(person, field)]
    request: HttpRequest | None = context.request
    if roles or request is None or request.user.is_authenticated:
        tell("add_user", person, f"Made {' and '.join(roles)}." if roles else "Made.")


@receiver(post_delete, sender=User)
def _deleted(instance: User, **kwargs: Any) -> None:
    tell("delete_user", instance, "Deleted, with what belongs to them.")


# -- Groups and permissions --------------------------------------------------------------------

GIVEN = {"post_add": True, "post_remove": False}


@receiver(m2m_changed, sender=User.groups.through)
def _groups_changed(
    instance: Model, action: str, reverse: bool, pk_set: set[Any] | None, **kwargs: Any
) -> None:
    if reverse:  # a group was given people
        people = instance.user_set.all() if action == "pre_clear" else _people(pk_set)  # type: ignore[attr-defined]
        pairs = [(person, str(instance)) for person in people]
    elif action == "pre_clear":
        pairs = [(instance, group.name) for group in instance.groups.all()]  # type: ignore[attr-defined]
    else:
        groups = Group.objects.filter(pk__in=pk_set or ())
        pairs = [(instance, group.name) for group in groups]
    for person, group in pairs if action in GIVEN or action == "pre_clear" else ():
        if GIVEN.get(action):
            tell("add_to_group", person, f"Into the group “{group}”.")
        else:
            tell("remove_from_group", person, f"Out of the group “{group}”.")


@receiver(m2m_changed, sender=User.user_permissions.through)
@receiver(m2m_changed, sender=Group.permissions.through)
def _permissions_changed(
    instance: Model, action: str, reverse: bool, pk_set: set[Any] | None, **kwargs: Any
) -> None:
    if action not in GIVEN and action != "pre_clear":
        return
    if reverse:  # a permission was given to people or groups
        tell("change_permissions", instance, f"{'Given' if GIVEN.get(action) else 'Taken'}.")
        return
    permissions = (
        Permission.objects.filter(pk__in=pk_set or ())
        if action in GIVEN
        else instance.user_permissions.all()
        if isinstance(instance, User)
        else instance.permissions.all()  # type: ignore[attr-defined]
    )
    names = sorted(f"{each.content_type.app_label}.{each.codename}" for each in permissions)
    if names:
        done = "give_permissions" if GIVEN.get(action) else "take_permissions"
        tell(done, instance, f"{', '.join(names)}.")


@receiver(post_delete, sender=Group)
def _group_deleted(instance: Group, **kwargs: Any) -> None:
    tell("delete_group", instance, "Deleted; who was in it is so no longer.")


def _people(keys: set[Any] | None) -> Iterable[User]:
    return User.objects.filter(pk__in=keys or ())


# -- Second factors and e-mail addresses -------------------------------------------------------

FACTORS = {
    Authenticator.Type.TOTP: "An app's codes",
    Authenticator.Type.RECOVERY_CODES: "Recovery codes",
    Authenticator.Type.WEBAUTHN: "A security key",
}


@receiver(post_save, sender=Authenticator)
def _factor_added(instance: Authenticator, created: bool, raw: bool, **kwargs: Any) -> None:
    if created and not raw:
        tell("add_second_factor", instance.user, f"{FACTORS[instance.type]}.")


@receiver(post_delete, sender=Authenticator)
def _factor_removed(instance: Authenticator, **kwargs: Any) -> None:
    if person := User.objects.filter(pk=instance.user_id).first():
        tell("remove_second_factor", person, f"{FACTORS[instance.type]}.")


@receiver(pre_save, sender=EmailAddress)
def _before_address(instance: EmailAddress, raw: bool, **kwargs: Any) -> None:
    rows = EmailAddress.objects.filter(pk=instance.pk)
    found = None if raw or instance.pk is None else rows.values("email", "verified", "primary")
    instance._stored_before = None if found is None else found.first()


@receiver(post_save, sender=EmailAddress)
def _address_changed(instance: EmailAddress, created: bool, raw: bool, **kwargs: Any) -> None:
    """Records that an address changed, not which: moderators, who read the record, may
    not see it.
    """
    if raw:
        return
    before = instance._stored_before
    if created:
        tell("add_email", instance.user, "An e-mail address was added.")
    elif before is not None and before["email"] != instance.email:
        tell("change_email", instance.user, "An e-mail address was replaced.")
    elif before is not None and not before["verified"] and instance.verified:
        tell("confirm_email", instance.user, "An e-mail address was confirmed.")
    elif before is not None and not before["primary"] and instance.primary:
        tell("change_email", instance.user, "Another e-mail address is the first one.")


@receiver(post_delete, sender=EmailAddress)
def _address_removed(instance: EmailAddress, **kwargs: Any) -> None:
    if person := User.objects.filter(pk=instance.user_id).first():
        tell("remove_email", person, "An e-mail address was removed.")
