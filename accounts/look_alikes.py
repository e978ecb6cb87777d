"""Letters that look like others, so that names can be compared as people see them."""

import unicodedata

_CYRILLIC = ("авеіјкӏмнорсѕтухһԁԛԝьѵ", "abeijklmhopcstyxhdqwbv")
_GREEK = ("αβεζηικμνορτυχωγ", "abezhikmvoptyxwy")
_ARMENIAN = ("օոսհցզ", "onuhgq")
_LATIN = ("ıɑɡɩʟꜱʀɴ", "iagilsrn")
LOOK_ALIKES = {
    ord(look_alike): plain
    for look_alikes, plains in (_CYRILLIC, _GREEK, _ARMENIAN, _LATIN)
    for look_alike, plain in zip(look_alikes, plains, strict=True)
}
"""Lower-case letters of other alphabets, and the ASCII letter that each is taken for.
static/chat/look-alikes.js has the same for the page. What usernames fold to is stored
(User.skeleton): a change here needs a migration that fills it in again."""


def fold(name: str) -> str:
    """What a name is taken for: names that look the same have the same."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.translate(LOOK_ALIKES).split())
