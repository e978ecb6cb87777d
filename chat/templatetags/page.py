"""Template tags that load the page's modules."""

import json
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from mediachat import npm

register = template.Library()


@register.simple_tag(takes_context=True)
def import_map(context: dict[str, Any]) -> SafeString:
    """Returns the import map, as the script element that must precede the first module."""
    return format_html(
        '<script type="importmap" nonce="{}">{}</script>',
        context["request"].csp_nonce,
        _import_map(),
    )


@cache
def _import_map() -> SafeString:
    """Where each module is, by its bare name and by the address that other modules import.

    In production a module's address carries a hash of its content, while modules import each
    other by plain relative names. The map leads those to the hashed ones too, so that a module
    is never loaded twice under two addresses, and none is served stale after an upgrade.
    """
    names = [name for name in npm.served_files(settings.NPM_DIR) if _is_module(name)]
    addresses = {name: f"{npm.PREFIX}/{name}" for name in names}
    addresses |= {bare: f"{npm.PREFIX}/{name}" for bare, name in npm.MAIN.items()}
    imports = {bare: staticfiles_storage.url(path) for bare, path in addresses.items()}
    for name, hashed in getattr(staticfiles_storage, "hashed_files", {}).items():
        if _is_module(name) and name.startswith(("chat/", f"{npm.PREFIX}/")):
            imports[settings.STATIC_URL + name] = settings.STATIC_URL + hashed
    # Nothing in it comes from people; "<" is escaped all the same, since it ends a script.
    text = json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")
    return mark_safe(text)  # noqa: S308


def _is_module(name: str) -> bool:
    return name.endswith((".js", ".mjs"))
