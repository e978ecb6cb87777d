import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import RequestFactory, override_settings

from chat.templatetags import page
from mediachat import npm


class Manifest:
    """Static files as production names them."""

    hashed_files = {
        "chat/client.js": "chat/client.0123456789ab.js",
        "chat/styles/theme.css": "chat/styles/theme.0123456789ab.css",
        "npm/lit/index.js": "npm/lit/index.0123456789ab.js",
    }

    def url(self, name: str) -> str:
        return f"/static/{self.hashed_files.get(name, name)}"


def shown_map() -> dict[str, str]:
    request: Any = RequestFactory().get("/")
    request.csp_nonce = "n0nce"
    element = page.import_map({"request": request})
    found = re.fullmatch(r'<script type="importmap" nonce="n0nce">(.*)</script>', element)
    assert found
    imports: dict[str, str] = json.loads(found[1])["imports"]
    return imports


def test_only_what_the_page_needs_is_served() -> None:
    assert finders.find("npm/lit/index.js")
    assert finders.find("npm/emoji-picker-element-data/en/emojibase/data.json")
    for name in (
        "npm/typescript/package.json",
        "npm/lit/package.json",
        "npm/lit/../typescript/package.json",
        "npm/../manage.py",
        "other/lit/index.js",
    ):
        assert not finders.find(name), name


def test_everything_that_the_served_modules_import_can_be_had() -> None:
    imports = shown_map()
    for name in npm.served_files(settings.NPM_DIR):
        if not name.endswith((".js", ".mjs")):
            continue
        file = settings.NPM_DIR / name
        for target in re.findall(r"""(?:from|import)\s*["']([^"']+)["']""", file.read_text()):
            if target.startswith("."):
                beside = (file.parent / target).resolve().relative_to(settings.NPM_DIR.resolve())
                assert finders.find(f"npm/{beside.as_posix()}"), f"{name} imports {target}"
            else:
                assert target in imports, f"{name} imports {target}"


def test_every_address_in_the_map_is_a_file_that_is_served() -> None:
    for address in shown_map().values():
        assert finders.find(unquote(address.removeprefix("/static/"))), address


def test_in_production_a_module_has_one_address_however_it_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page, "staticfiles_storage", Manifest())
    page._import_map.cache_clear()
    try:
        imports = shown_map()
    finally:
        page._import_map.cache_clear()
    assert imports["lit"] == imports["/static/npm/lit/index.js"]
    assert imports["lit"] == "/static/npm/lit/index.0123456789ab.js"
    assert imports["/static/chat/client.js"] == "/static/chat/client.0123456789ab.js"
    assert not any(name.endswith(".css") for name in imports)


def test_a_missing_package_is_named() -> None:
    with override_settings(NPM_DIR="/nowhere"):
        [error] = npm.NpmFinder().check()
    assert "lit" in error.msg
    assert "npm ci" in str(error.hint)
