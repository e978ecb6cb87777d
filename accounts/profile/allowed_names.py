"""Rules for names of people and rooms: visible, and without characters that affect other text.

A name appears in sentences on other people's pages. So it has no character that is invisible,
changes the direction of the text around it, or stacks marks on it.
"""

import re
import unicodedata

import emoji
from django.core.exceptions import ValidationError

from accounts.models import User, is_former
from accounts.names.fields import LENGTH
from accounts.names.look_alikes import fold, fold_loosely
from accounts.names.usernames import OFFICIAL, RESERVED, check, normalize

MARKS = 5
"""The most accents and signs on one letter: more of them reach into the lines around."""
_ZWNJ, _ZWJ = "\u200c", "\u200d"
# In addition to category Cf: characters that Unicode lets programs draw as nothing
# (Default_Ignorable_Code_Point), and those that are empty by meaning: blanks of Braille, music,
# hieroglyphs and Khitan, and the object replacement character.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff"
    "\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159]"
)
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# Scripts that join their letters, in which a ZWNJ keeps two apart, as in Persian.
_JOINED = re.compile("[\u0600-\u08ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufeff]")
_VIRAMA = 9
_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_TURNING = {"R", "AL", "AN", *(unicodedata.bidirectional(char) for char in _CONTROLS)} - {"L"}


def clean_name(name: str) -> str:
    """Returns the name with single spaces.

    Raises:
        ValidationError: it has invisible characters or ones that change the direction of text, or
            no visible character.
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    rest = _without_emoji(name)
    if any(_is_hidden(rest, at) for at in range(len(rest))):
        raise ValidationError(
            "This name has characters that cannot be seen or that turn text around. "
            "Type it again without them."
        )
    if name and not any(unicodedata.category(char)[0] in "LNPS" for char in rest):
        raise ValidationError("Nothing of this name can be seen. Choose another.")
    if _is_heaped(rest):
        raise ValidationError("This name has too many marks on one letter. Leave some out.")
    return name


def clean_display_name(user: User, name: str) -> str:
    """Returns a person's display name with single spaces.

    Raises:
        ValidationError: it is no clean name, or it is another person's username.
    """
    name = clean_name(name)
    taken = fold(name).lstrip("@")
    if not name or taken == fold(user.username):
        return name
    if (
        (_is_reserved(name, is_appointed=user.is_staff) and not _has_initials(name))
        or User.objects.filter(skeleton=taken[:LENGTH]).exclude(pk=user.pk).exists()
        or is_former(taken)
    ):
        raise ValidationError(
            "This is the username of someone else, or looks like it. Choose another name."
        )
    return name


def clean_username(name: str, *, is_appointed: bool = False) -> str:
    """Returns the canonical spelling of a new account's name; ``is_appointed`` is true if an
    administrator or a command makes the account, and not the person.

    Raises:
        ValidationError: the name is not allowed, is taken, or looks like one that is taken.
    """
    check(name)
    name = normalize(name)
    if _is_reserved(name, is_appointed=is_appointed):
        raise ValidationError("Nobody can have this name. Choose another.", code="reserved")
    if User.objects.filter(username=name).exists():
        raise ValidationError("Somebody has this name. Choose another.", code="username_taken")
    if is_former(name):
        raise ValidationError("Somebody had this name. Choose another.", code="username_taken")
    if User.objects.filter(skeleton=fold(name)[:LENGTH]).exists():
        raise ValidationError(
            "This name looks like somebody else's. Choose another.", code="username_taken"
        )
    return name


def isolated(name: str) -> str:
    """Isolates a name's direction in plain text, so that it cannot reorder the words around it. In
    markup ``<bdi>`` does the same.
    """
    if all(unicodedata.bidirectional(char) not in _TURNING for char in name):
        return name
    return f"\u2068{''.join(char for char in name if char not in _CONTROLS)}\u2069"


def _is_reserved(name: str, *, is_appointed: bool) -> bool:
    # A 1 stands for an l, as in he1p, or for an i, as in adm1n.
    looks_like = {fold_loosely(name), fold_loosely(fold(name).replace("1", "i"))}
    return bool(looks_like & RESERVED or (looks_like & OFFICIAL and not is_appointed))


def _has_initials(name: str) -> bool:
    """Returns whether it is a name and initials, as in Al L.: read together they can be
    any word.
    """
    first, *initials = name.split()
    return (
        len(first.rstrip(".")) > 1
        and bool(initials)
        and all(
            len(each.rstrip(".")) == 1
            and each[0].isalpha()
            and (each.endswith(".") or (each.isupper() and not first.isupper()))
            for each in initials
        )
    )


def _without_emoji(name: str) -> str:
    """Replaces each emoji of the name by an asterisk: some contain invisible characters."""
    for found in reversed(emoji.emoji_list(name)):
        name = name[: found["match_start"]] + "*" + name[found["match_end"] :]
    return name


def _is_hidden(text: str, at: int) -> bool:
    char = text[at]
    if char in (_ZWJ, _ZWNJ):
        return not _is_needed(text, at)
    return unicodedata.category(char) in _UNSEEN or bool(_INVISIBLE.match(char))


def _is_needed(text: str, at: int) -> bool:
    """Returns whether a joiner or non-joiner changes how the letters around it are drawn."""
    if not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(after)[0] in "LM"
    if unicodedata.combining(after) == _VIRAMA:  # as in Bengali's র‍্য
        return text[at] == _ZWJ and before.isalpha()
    return text[at] == _ZWNJ and bool(_JOINED.match(before) and _JOINED.match(after))


def _is_heaped(text: str) -> bool:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks > MARKS:
            return True
    return False
