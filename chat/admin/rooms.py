"""The admin of rooms and their members."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.profile.allowed_names import isolated
from chat.admin import links
from chat.admin.decisions import ModeratedAdmin, ModerationAction
from chat.models import Membership, Room
from chat.moderation import actions as moderation


class OpenOrClosed(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("closed", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> QuerySet[Room]:
        if self.value() is None:
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "open")


class WithOrWithoutOwner(admin.SimpleListFilter):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("without", "Without owner"), ("with", "With owner")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> QuerySet[Room]:
        if self.value() is None:
            return queryset
        shared = queryset.exclude(kind=Room.Kind.DIRECT)
        owned = shared.annotate(is_owned=Exists(active_owners().filter(room=OuterRef("pk"))))
        return owned.filter(is_owned=self.value() == "with")


def active_owners() -> QuerySet[Membership]:
    """Returns the owners who can manage a room, longest member first."""
    owners = Membership.objects.filter(role=Membership.Role.OWNER, user__is_active=True)
    return owners.order_by("joined_at", "pk")


def lacks_owner(row: Room) -> bool:
    """Returns whether nobody can manage this room, one of those that ``RoomAdmin`` has found."""
    return row.kind != Room.Kind.DIRECT and not row.active_owners  # type: ignore[attr-defined]


def can_own(row: Membership) -> bool:
    """Returns whether this member is not an owner of the room, and can become one."""
    is_owner = row.role == Membership.Role.OWNER
    return row.user.is_active and not is_owner and row.room.kind != Room.Kind.DIRECT


class Members(TabularInline):
    """The members of the room; removing one is a decision, with a reason."""

    model = Membership
    verbose_name_plural = "Members"
    fields = readonly_fields = ["person", "role", "joined_at", "appointment", "removal"]
    ordering = ["joined_at"]
    per_page = 25
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "room")

    @display(description="Person")
    def person(self, row: Membership) -> SafeString | str:
        return links.to(row.user)

    @display(description="Owner")
    def appointment(self, row: Membership) -> SafeString | str:
        return self._decision(row, "appoint_owner", "Make owner …") if can_own(row) else "-"

    @display(description="Remove")
    def removal(self, row: Membership) -> SafeString | str:
        if row.room.kind == Room.Kind.DIRECT:
            return "-"
        return self._decision(row, "remove_member", "Remove …")

    def _decision(self, row: Membership, name: str, words: str) -> SafeString:
        back = reverse("admin:chat_room_change", args=[row.room_id])
        memberships = self.admin_site.get_model_admin(Membership)
        return format_html(
            '<a class="{}" href="{}">{}<span class="mc-hidden"> <bdi>{}</bdi></span></a>',
            links.LINK,
            memberships.address(name, [row.pk], back=back),
            words,
            row.user.username,
        )


@admin.register(Room)
class RoomAdmin(ModeratedAdmin[Room]):
    list_display = ["title", "kind", "state", "owner", "created_at"]
    list_filter = ["kind", OpenOrClosed, WithOrWithoutOwner]
    search_fields = ["name_folded"]
    search_help_text = "Find rooms by name."
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "title",
        "kind",
        "state",
        "owners",
        "created_at",
        "elsewhere",
        "decided",
    ]
    OWNERS = 20
    """The most owners whose names are shown."""
    inlines = [Members]
    decisions = [
        ModerationAction(
            name="close_room",
            verb="Close room",
            consequence="Members can still read; nobody can write, join or change anything.",
            permission="chat.close_room",
            act=lambda actor, row, why: moderation.close_room(actor, room=row.pk, reason=why),
            icon="lock",
            is_open=lambda row: row.closed_at is None,
            is_severe=True,
        ),
        ModerationAction(
            name="reopen_room",
            verb="Reopen room",
            consequence="Members can write again.",
            permission="chat.close_room",
            act=lambda actor, row, why: moderation.reopen_room(actor, room=row.pk, reason=why),
            icon="lock_open",
            is_open=lambda row: row.closed_at is not None,
        ),
        ModerationAction(
            name="find_owner",
            verb="Find an owner",
            consequence="Its moderator who has been in it longest becomes its owner, or else its "
            "member; never somebody who is suspended. Everyone in the room sees it.",
            permission="chat.remove_member",
            act=lambda actor, row, why: moderation.find_owner(actor, room=row.pk, reason=why),
            icon="key",
            is_open=lacks_owner,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        owners = active_owners().select_related("user")
        rows = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("memberships", owners, to_attr="active_owners"))

    @display(description="Room", ordering="name")
    def title(self, row: Room) -> SafeString:
        return links.words(moderation.label(row))

    @display(description="State", label={"Closed": "danger", "Open": "success"})
    def state(self, row: Room) -> str:
        return "Closed" if row.closed_at else "Open"

    @display(description="Owner")
    def owner(self, row: Room) -> SafeString | str:
        if lacks_owner(row):
            return format_html('<strong class="{}">Nobody</strong>', links.ALARM)
        owners = row.active_owners  # type: ignore[attr-defined]
        is_direct = row.kind == Room.Kind.DIRECT
        return "-" if is_direct else links.words(owners[0].user.username)

    @display(description="Owners")
    def owners(self, row: Room) -> str:
        if row.kind == Room.Kind.DIRECT:
            return "-"
        found = row.active_owners[: self.OWNERS + 1]  # type: ignore[attr-defined]
        shown = [isolated(each.user.username) for each in found]
        if len(shown) > self.OWNERS:
            shown[-1] = "others"
        return ", ".join(shown) or "Nobody. Find one above, or make a member below its owner."

    @display(description="Messages")
    def elsewhere(self, row: Room) -> SafeString:
        return links.to_list(
            "When and by whom", "chat_message", room__id__exact=str(row.pk), which="all"
        )


@admin.register(Membership)
class MembershipAdmin(ModeratedAdmin[Membership]):
    list_display = ["person", "place", "role", "joined_at"]
    list_filter = ["role"]
    list_select_related = ["user", "room"]
    also_looked_up = ["user__id__exact", "room__id__exact"]
    search_fields = ["=user__username", "room__name_folded"]
    search_help_text = "Find by a person's whole username or a part of a room's name."
    ordering = ["-joined_at"]
    fields = readonly_fields = ["person", "place", "role", "joined_at"]
    decisions = [
        ModerationAction(
            name="remove_member",
            verb="Remove from room",
            consequence="They get nothing more of the room, on any device, from this moment. "
            "In a public room they can join again: close it or suspend them to stop that.",
            permission="chat.remove_member",
            act=lambda actor, row, why: moderation.remove_member(
                actor, room=row.room_id, user=row.user_id, reason=why
            ),
            icon="person_remove",
            is_open=lambda row: row.room.kind != Room.Kind.DIRECT,
            is_severe=True,
        ),
        ModerationAction(
            name="appoint_owner",
            verb="Make owner of room",
            consequence="They can add and remove people, give them roles, and rename the room, "
            "as can the owners it has. Everyone in the room sees it.",
            permission="chat.remove_member",
            act=lambda actor, row, why: moderation.appoint_owner(
                actor, room=row.room_id, user=row.user_id, reason=why
            ),
            icon="key",
            is_open=can_own,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "room")

    @display(description="Person", ordering="user__username")
    def person(self, row: Membership) -> SafeString:
        return links.words(row.user.username)

    @display(description="Room", ordering="room__name")
    def place(self, row: Membership) -> SafeString | str:
        return links.to(row.room)
