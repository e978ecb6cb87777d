"""The admin of people, for moderators and administrators."""

from functools import partial
from typing import Any

from allauth.account import admin as _email_addresses  # noqa: F401  (registered, then taken back)
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _second_factors  # noqa: F401
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as _sessions  # noqa: F401
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.erasure import LastSuperuser
from accounts.models import User
from accounts.profile.allowed_names import clean_display_name, clean_username
from accounts.signals import profile_changed
from chat.admin import links
from chat.admin.decisions import ModeratedAdmin, ModerationAction
from chat.admin.lists import ListAdmin
from chat.moderation import actions as moderation
from chat.protocol import ChatError, ErrorCode

# Codes of second factors, and people's network addresses: nobody may read them, let alone edit
# them.
admin.site.unregister([EmailAddress, Authenticator, UserSession, Group])


class NewPersonForm(UserCreationForm):
    """A form for new people, with the same username rules as the sign-up page."""

    def clean_username(self) -> str:
        return clean_username(self.cleaned_data["username"], is_appointed=True)


class PersonForm(UserChangeForm):
    def clean_display_name(self) -> str:
        return clean_display_name(self.instance, str(self.cleaned_data["display_name"]))

    def clean_is_superuser(self) -> bool:
        stays = bool(self.cleaned_data["is_superuser"])
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=self.instance.pk)
        if self.instance.is_superuser and not stays and not others.exists():
            raise ValidationError("This is the last superuser. Make someone else one first.")
        return stays


ERASED = (
    "This cannot be undone. The account is closed at once, with all sessions. Within minutes their "
    "name is replaced in messages, mentions and reactions, their picture and files are deleted, "
    "and rooms that they alone looked after are handed on. The audit log keeps their name where it "
    "is, and so do backups: do not write it into the reason."
)


def _erase(actor: User, row: User, reason: str, *, keep_messages: bool) -> User:
    try:
        return moderation.erase_user(actor, user=row.pk, reason=reason, keep_messages=keep_messages)
    except LastSuperuser as error:
        raise ChatError(ErrorCode.CONFLICT, str(error)) from error


@admin.register(User)
class UserAdmin(ModeratedAdmin[User], DjangoUserAdmin):  # type: ignore[misc, type-arg]
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "display_name", "state", "role", "last_login", "date_joined"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["username_folded", "display_name_folded"]
    search_help_text = "Find people by a part of their username or display name."
    ordering = ["username"]
    filter_horizontal = []
    readonly_fields = ["state", "last_login", "date_joined", "elsewhere", "decided"]
    fieldsets = [
        (None, {"fields": ["username", "display_name", "state", "last_login", "date_joined"]}),
        ("Moderation", {"fields": ["elsewhere", "decided"]}),
    ]
    administration = (
        "Administration",
        {"fields": ["email", "password", "is_staff", "is_superuser", "groups"]},
    )
    """For those who may change people, not for moderators."""
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2"]}),
    ]
    decisions = [
        ModerationAction(
            name="suspend_user",
            verb="Suspend",
            consequence="Their sessions end and their sockets close within a second, on every "
            "device. They cannot sign in until they are restored. Their messages stay.",
            permission="accounts.suspend_user",
            act=lambda actor, row, why: moderation.suspend_user(actor, user=row.pk, reason=why),
            icon="block",
            is_open=lambda row: row.is_active and not row.erased_at,
            is_severe=True,
        ),
        ModerationAction(
            name="restore_user",
            verb="Restore",
            consequence="They can sign in again, and are still members of their rooms.",
            permission="accounts.suspend_user",
            act=lambda actor, row, why: moderation.restore_user(actor, user=row.pk, reason=why),
            icon="undo",
            is_open=lambda row: not row.is_active and not row.erased_at,
        ),
        ModerationAction(
            name="erase_user",
            verb="Erase, and keep the messages",
            consequence=f"{ERASED} What they wrote stays, without their files, and names nobody.",
            permission="accounts.erase_user",
            act=partial(_erase, keep_messages=True),
            icon="person_remove",
            is_open=lambda row: not row.erased_at,
            is_severe=True,
            is_final=True,
        ),
        ModerationAction(
            name="erase_user_and_messages",
            verb="Erase, and delete the messages",
            consequence=f"{ERASED} What they wrote is deleted, with their reactions and files.",
            permission="accounts.erase_user",
            act=partial(_erase, keep_messages=False),
            icon="delete_forever",
            is_open=lambda row: not row.erased_at,
            is_severe=True,
            is_final=True,
        ),
    ]

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return request.user.has_perm("accounts.add_user")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Allows only superusers to change a superuser: after a change of password, others could
        sign in as one. Nobody changes an erased person.
        """
        if obj is not None and obj.erased_at:
            return False
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return request.user.has_perm("accounts.change_user")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return sets
        return [*sets, self.administration]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            fields.append("username")
        if not request.user.is_superuser:
            fields += ["is_staff", "is_superuser", "groups"]
        return fields

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["help_texts"] = {"username": "It never changes: messages name people by it."}
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        profile_changed.send(User, user=obj)

    @display(
        description="State",
        ordering="is_active",
        label={"Suspended": "danger", "Active": "success", "Erased": "info"},
    )
    def state(self, row: User) -> str:
        if row.erased_at:
            return "Erased"
        return "Active" if row.is_active else "Suspended"

    @display(description="Role", label={"Superuser": "primary", "Staff": "info"})
    def role(self, row: User) -> str:
        if row.is_superuser:
            return "Superuser"
        return "Staff" if row.is_staff else ""

    @display(description="See also")
    def elsewhere(self, row: User) -> SafeString | str:
        person = str(row.pk)
        return links.each_on_a_line(
            [
                links.to_list("Rooms they are in", "chat_membership", user__id__exact=person),
                links.to_list(
                    "Messages they sent", "chat_message", sender__id__exact=person, which="all"
                ),
                links.to_list("Files they uploaded", "chat_attachment", owner__id__exact=person),
                links.to_list("Reports of them", "chat_report", q=row.username, state="all"),
            ]
        )


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ListAdmin[Group]):  # type: ignore[misc]
    # Django's two boxes label their parts in a way that screen readers refuse.
    filter_horizontal = []
