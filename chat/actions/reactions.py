"""Normalises reactions to one emoji in one form."""

import re
from collections.abc import Mapping

import emoji

VARIATION = "\ufe0f"
"""Asks for the coloured form. Some programs write it where others do not: ❤️ and ❤ are one."""
_SHORTCODE = re.compile(r":[a-z0-9_+-]{1,30}:")
_FORMS = {
    each.replace(VARIATION, ""): each
    for each, about in emoji.EMOJI_DATA.items()
    if about["status"] == emoji.STATUS["fully_qualified"]
}
"""Each emoji as Unicode recommends that it is written, by what all its forms have in common."""

Reactions = Mapping[str, list[str]]


def canonical(reaction: str) -> str | None:
    """Returns the canonical form of an emoji or of a shortcode such as ``:wave:``; None for other
    text.
    """
    if _SHORTCODE.fullmatch(reaction):
        return reaction
    return _FORMS.get(reaction.replace(VARIATION, ""))


def gathered(reactions: Reactions) -> dict[str, list[str]]:
    """Merges reactions with different forms of an emoji, each person once."""
    found: dict[str, list[str]] = {}
    for reaction, names in reactions.items():
        form = canonical(reaction) or reaction
        found[form] = list(dict.fromkeys([*found.get(form, []), *names]))
    return found
