"""Lists of the admin, asked for what cannot be."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chat.admin.lists import LOOKUPS, SEARCH_LIMIT
from chat.models import AuditEntry
from tests.conftest import PASSWORD

HUGE = "9" * 40
VALUES = ["", "99999", "-1", HUGE, "9" * 5000, "x\U0001f600", "2026-02-30"]
ASKED_BY_FILTERS = [f"__{each}" if each else "" for each in LOOKUPS]
SUFFIXES = [
    f"__{each}"
    for each in (
        *("in", "gt", "range", "regex", "year", "month", "day", "week_day", "hour", "date", "time"),
        *("iso_year", "contains", "startswith", "year__gte", "no_such", "pk", "id__exact"),
    )
]
QUERIES = [
    "e=1",
    *(f"{name}={value}" for name in ("p", "o", "all", "_popup", "_to_field") for value in VALUES),
    "o=1.2.3.4.5.6.7.8.9.10.-1.--1",
    "o=-999999999999999999999",
    f"q={'x' * 100_000}",
    f"q={'x ' * 20_000}",
    f"q={'%25' * 20_000}",
    "q=%22%27%5C",
    "created_at__year=99999&created_at__month=13",
    "created_at__gte=2026-01-01&created_at__lt=99999-01-01",
    "_changelist_filters=%FF",
    "%FF=%FF",
    "a%00=b",
]


@pytest.fixture
def looking(administrator: User) -> Client:
    client = Client(raise_request_exception=False)
    assert client.login(username=administrator.username, password=PASSWORD)
    return client


@pytest.fixture(autouse=True)
def entry(member: User, caplog: pytest.LogCaptureFixture) -> AuditEntry:
    caplog.set_level("CRITICAL", logger="django")
    return AuditEntry.objects.create(
        actor="", action="close_room", target_type="room", target_id="x", target="x", reason=""
    )


def _fields(model: type[Model]) -> Iterator[str]:
    for field in model._meta.get_fields():
        yield field.name
    yield from ("password", "owner__password", "sender__is_staff", "id", "pk", "which", "state")


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_what_cannot_be_asked_of_a_list_is_no_error(looking: Client, model: type[Model]) -> None:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    wrong: list[tuple[str, int]] = []

    def ask(query: str) -> None:
        status = looking.get(f"{address}?{query}").status_code
        if status not in (200, 302, 400):
            wrong.append((query[:60], status))

    for query in QUERIES:
        ask(query)
    listed: Any = admin.site._registry[model].list_filter
    shown = [each for each in listed if isinstance(each, str)]
    for name in _fields(model):
        # All values for what the list itself offers; of the rest, what is refused by name.
        for suffix in ASKED_BY_FILTERS if name in shown else [""]:
            for value in VALUES:
                ask(f"{name}{suffix}={value}")
        for suffix in SUFFIXES if name in shown else ["__year", "__regex"]:
            ask(f"{name}{suffix}={HUGE}")
    assert not wrong


def test_the_lists_own_filters_work(looking: Client, entry: AuditEntry) -> None:
    address = reverse("admin:chat_auditentry_changelist")
    today = entry.created_at.date()
    for query in (
        f"created_at__gte={today}&created_at__lt={today + timedelta(days=1)}",
        "action__exact=close_room",
        "target_type=room",
        "target_type__exact=room&q=x",
    ):
        answer = looking.get(f"{address}?{query}")
        assert answer.status_code == 200, query
        assert entry in answer.context["cl"].result_list, query
    people = reverse("admin:accounts_user_changelist")
    answer = looking.get(f"{people}?is_active__exact=1&q=member")
    assert [each.username for each in answer.context["cl"].result_list] == ["member"]


def test_what_is_longer_than_anything_is_found_nowhere(looking: Client) -> None:
    people = reverse("admin:accounts_user_changelist")
    answer = looking.get(f"{people}?q={'x' * (SEARCH_LIMIT + 1)}")
    assert answer.status_code == 200
    assert list(answer.context["cl"].result_list) == []
