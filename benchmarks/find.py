"""Times searches by name among 10,000 people and rooms: ``DATA_DIR=… python -m benchmarks.find``.

Prints one JSON object: for each search the CPU time of this process and of PostgreSQL's for it.
"""

import json
import os
import random
import uuid
from collections.abc import Callable
from typing import Any

from benchmarks.worked import cost

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

MANY = 10_000
FIRST = ["Ada", "Anna", "Björn", "Chidi", "Chloé", "Đorđe", "Grace", "İrem", "Jean-Luc", "Jürgen"]
LAST = ["Adeyemi", "Çelik", "Dijkstra", "Fernández", "Hopper", "Kowalski", "Nguyễn", "Ørsted"]
QUERIES = {
    "nothing": "qqxyzzy",
    "nothing, in Cyrillic": "дружба",
    "nothing, and all but the last of 17 words match": (
        "p e r s o n pe er rs so on per ers rso son pers z!"
    ),
    "one": f"person{MANY - 7}",
    "all, in the middle of a word": "erson",
    "all, at the beginning of a word": "person",
}


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import User
    from chat.queries import directory

    call_command("migrate", verbosity=0)
    _seed()
    user = User.objects.get(username="person0")
    searches: dict[str, Callable[[str], object]] = {
        "`people.find`": directory.find_people,
        "`room.find`": lambda query: directory.find_rooms(user, query),
        "the admin's people": _in_admin,
    }
    rows = [
        {"search": name, "finds": what, "cpu_ms": cost(lambda: search(query), 20)}  # noqa: B023
        for name, search in searches.items()
        for what, query in QUERIES.items()
    ]
    print(json.dumps({"rows": rows}))


def _seed() -> None:
    from accounts.models import User
    from chat.models import Room

    names = random.Random(1)
    User.objects.bulk_create(
        (
            User(
                username=f"person{number}",
                display_name=f"{names.choice(FIRST)} {names.choice(LAST)}",
                skeleton=uuid.uuid4().hex,
                password="!",
            )
            for number in range(MANY)
        ),
        batch_size=500,
    )
    Room.objects.bulk_create(
        (
            Room(
                kind="public", name=f"Person {number}: {names.choice(FIRST)}'s {names.choice(LAST)}"
            )
            for number in range(MANY)
        ),
        batch_size=500,
    )


def _in_admin(query: str) -> None:
    """What the list's page asks of the database: the rows that it shows, and how many there are."""
    from django.contrib import admin
    from django.test import RequestFactory

    from accounts.models import User

    request: Any = RequestFactory().get("/", {"q": query})
    request.user = User(is_superuser=True, is_staff=True)
    list(admin.site.get_model_admin(User).get_changelist_instance(request).result_list)


if __name__ == "__main__":
    main()
