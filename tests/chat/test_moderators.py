"""The group that every database starts with."""

import pytest
from django.contrib.auth.models import Group, Permission

from chat.moderation import audit_triggers, moderators
from tests.chat.actions.test_moderation import ACTIONS


@pytest.fixture
def group(db: None) -> Group:
    return Group.objects.get(name=moderators.NAME)


def may_close_rooms(group: Group) -> bool:
    return group.permissions.filter(codename="close_room").exists()


def test_it_has_every_permission_it_names_and_every_one_that_is_needed(group: Group) -> None:
    named = {name for names in moderators.PERMISSIONS.values() for name in names}
    assert set(group.permissions.values_list("codename", flat=True)) == named
    assert {action.permission for action in ACTIONS.values()} <= named


def test_it_stays_as_administrators_have_changed_it(group: Group) -> None:
    group.permissions.remove(Permission.objects.get(codename="close_room"))
    moderators.make_group("default")
    audit_triggers.install("default")
    assert Group.objects.count() == 1
    assert not may_close_rooms(group)


def test_what_a_crash_left_empty_is_filled(group: Group) -> None:
    group.permissions.clear()
    moderators.make_group("default")
    assert may_close_rooms(group)


def test_what_a_crash_left_half_filled_is_filled(group: Group) -> None:
    """MongoDB stores rows one after the other, and whoever dies in between leaves the first."""
    codenames = [*moderators.BEING_MADE["contenttypes"], "view_room"]
    group.permissions.set(Permission.objects.filter(codename__in=codenames))
    assert not moderators.is_made("default")
    moderators.make_group("default")
    assert moderators.is_made("default")
    assert may_close_rooms(group)
    assert not group.permissions.filter(codename=codenames[0]).exists()
