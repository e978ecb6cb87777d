"""Decides which uploads are shown, as what kind, and under which name.

Only the types named here are ever shown in the page, and only if name and content agree. Everything
else is a card to save: no browser gets its bytes as a type that it would open.
"""

import re
import unicodedata
from codecs import getincrementaldecoder
from pathlib import PurePosixPath
from typing import NamedTuple

import puremagic

from chat.protocol import AttachmentProblem

HEAD = 8_192
"""How many of the first bytes determine a file's type."""
NAME_LIMIT = 255
"""Bytes that a file system takes for a name."""
OTHER = "application/octet-stream"

IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jfif": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
SOUND_AND_FILM = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".m4a": "audio/mp4",
    ".webm": "video/webm",
    ".weba": "audio/webm",
    ".ogv": "video/ogg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
}
INLINE = frozenset({*IMAGES.values(), *SOUND_AND_FILM.values()})
"""What a browser may show in place. Never SVG, HTML, XML or PDF: those can run scripts."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
CARDS = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".zip": ("application/zip", b"PK"),
    ".gz": ("application/gzip", b"\x1f\x8b"),
    ".docx": (f"{_OFFICE}.wordprocessingml.document", b"PK"),
    ".xlsx": (f"{_OFFICE}.spreadsheetml.sheet", b"PK"),
    ".pptx": (f"{_OFFICE}.presentationml.presentation", b"PK"),
    ".md": ("text/markdown", b""),
    ".csv": ("text/csv", b""),
    ".json": ("application/json", b""),
}
"""What else a card can say a file is, and how such a file begins; it is saved all the same."""
_ACTIVE = frozenset({".html", ".htm", ".xhtml", ".xht", ".mht", ".svg", ".xml", ".js", ".mjs"})
_DOCUMENTS = frozenset(
    f".{ending}"
    for ending in "pdf txt md csv rtf epub odt ods odp doc docx xls xlsx ppt pptx".split()  # noqa: SIM905
)
_BLANK = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffc"
    "\U00013441\U00013442\U00016fe4\U0001d159"
)
"""Letters and signs that are drawn as nothing. ``accounts.profile.allowed_names`` has them too."""
_TAGS = "\U000e0020-\U000e007f"
_JOINING = re.compile(f"[\u200c\u200d{_TAGS}]")
"""What words of Persian and of India, and emoji of several parts, are held together by."""
_LOOSE_TAGS = re.compile(
    f"(\U0001f3f4[{_TAGS}]{{2,6}}\U000e007f)|[{_TAGS}]"  # a flag, such as Scotland's
)
_LOOSE_JOINERS = re.compile(
    "(?<![^\0-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\0-\x7f\u200c\u200d])"
)
"""The same where it holds nothing together: two names that look the same would differ by it."""
_WEBM_FILM = re.compile(rb"V_(VP8|VP9|AV1|MPEG)")
_DRIVE = re.compile("[A-Za-z]:")
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_ISO_BRANDS_NOT_FILM = (b"avi", b"hei", b"hev", b"mif", b"msf", b"qt ", b"3g")


class Kind(NamedTuple):
    """The kind of a file."""

    content_type: str
    problem: AttachmentProblem | None = None
    """``MISLABELED`` where its name says something else."""


def kind_of(head: bytes, name: str) -> Kind:
    """Returns a file's kind, from its first ``HEAD`` bytes and its (clean) name."""
    suffix = PurePosixPath(name).suffix.lower()
    found = _by_content(head, suffix)
    if suffix in IMAGES:
        return Kind(found) if found and found in IMAGES.values() else _mislabeled(head)
    if suffix in SOUND_AND_FILM:
        if found is None or found in IMAGES.values():
            return _mislabeled(head)
        named = SOUND_AND_FILM[suffix]
        is_same = _container(named) == _container(found)
        return Kind(named if is_same and found != "audio/webm" else found)
    if suffix in _DOCUMENTS and _is_program(head):
        return _mislabeled(head)
    return Kind(found if found and not suffix else _on_a_card(head, suffix))


def served_as(content_type: str) -> str:
    """Returns the type under which a browser gets a file: its own only if it is shown
    in the page.
    """
    return content_type if content_type in INLINE else OTHER


def clean_name(name: str) -> str:
    """Returns a name that is safe to show and to save under: one part, otherwise unchanged."""
    # Format characters too: a right-to-left override makes "exe.png" of "gnp.exe".
    name = "".join(
        " " if unicodedata.category(char) in ("Zl", "Zp", "Zs") else char
        for char in name.encode(errors="replace").decode()
        if (unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn") and char not in _BLANK)
        or _JOINING.match(char)
    )
    # Folders are looked for when nothing is left that a folder could hide behind.
    name = _tidied(_last_part(_tidied(name)))
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = NAME_LIMIT - len((dot + ending).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return _tidied(f"{stem}{dot}{ending}") or "file"


def _tidied(name: str) -> str:
    """Normalises the name, and removes invisible characters that join nothing."""
    name = _LOOSE_TAGS.sub(lambda found: found[1] or "", name)
    # After the tags, between which a joiner would seem to join something.
    name = unicodedata.normalize("NFC", _LOOSE_JOINERS.sub("", name))
    return re.sub(r"\s+", " ", name).strip().rstrip(" .")


def _last_part(name: str) -> str:
    """Returns the name without folders. A backslash may be part of a name, but not where Windows
    would read it as a path.
    """
    name = name.rsplit("/", 1)[-1]
    folders = [folder.strip(" ") for folder in name.split("\\")[:-1]]
    is_path = any(folder in ("", ".", "..") for folder in folders) or (
        folders and _DRIVE.match(folders[0])
    )
    return name.rsplit("\\", 1)[-1] if is_path else name


def _by_content(head: bytes, suffix: str) -> str | None:
    """The type that the signature tells, if it is one of those shown in place."""
    if _picture_on_a_card(head):
        return None
    brands = _brands(head)
    if b"avif" in brands or b"avis" in brands:
        return "image/avif"
    endings = _signatures(head)
    for ending in IMAGES:
        if ending in endings:
            return IMAGES[ending]
    if ".ogg" in endings:
        return "video/ogg" if b"theora" in head else "audio/ogg"
    for ending in SOUND_AND_FILM:
        if ending in endings:
            found = SOUND_AND_FILM[ending]
            return "audio/webm" if found == "video/webm" and _is_only_sound(head) else found
    # Sound without a tag begins with eleven bits that much else begins with too.
    if suffix == ".mp3" and len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "audio/mpeg"
    if brands and not head[8:12].startswith(_ISO_BRANDS_NOT_FILM):
        return "video/mp4"
    return None


def _on_a_card(head: bytes, suffix: str) -> str:
    if picture := _picture_on_a_card(head):
        return picture
    if suffix in CARDS:
        named, beginning = CARDS[suffix]
        agrees = head.startswith(beginning) if beginning else _is_text(head)
        return named if agrees else OTHER
    return "text/plain" if suffix not in _ACTIVE and _is_text(head) else OTHER


def _mislabeled(head: bytes) -> Kind:
    """Returns the true type of a mislabelled file, if its first bytes reveal it; never
    one to show.
    """
    begins = (
        kind for kind, beginning in CARDS.values() if beginning and head.startswith(beginning)
    )
    kind = _picture_on_a_card(head) or next(begins, OTHER)
    return Kind(kind, AttachmentProblem.MISLABELED)


def _picture_on_a_card(head: bytes) -> str | None:
    """Returns the type of a picture that cannot be shown."""
    if head.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff"
    brands = _brands(head)
    if b"avif" in brands or b"avis" in brands:
        return None
    if _HEIC_BRANDS.intersection(brands):
        return "image/heic"
    return "image/heif" if {b"mif1", b"msf1"}.intersection(brands) else None


def _brands(head: bytes) -> list[bytes]:
    """What a file of boxes is compatible with."""
    if head[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(head[:4]), 256)
    return [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]


def _is_text(head: bytes) -> bool:
    try:
        text = getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and not any(
        unicodedata.category(c) == "Cc" for c in text if c not in "\t\n\f\r\x1b"
    )


def _signatures(head: bytes) -> set[str]:
    """The endings of the likeliest formats."""
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return set()
    return {match.extension for match in matches if match.confidence == matches[0].confidence}


def _is_only_sound(webm: bytes) -> bool:
    """Returns whether the tracks named at its beginning are all sound, as in a voice message."""
    return (b"A_OPUS" in webm or b"A_VORBIS" in webm) and not _WEBM_FILM.search(webm)


def _container(media_type: str) -> str:
    return media_type.split("/")[1]


def _is_program(head: bytes) -> bool:
    windows = head.startswith(b"MZ") and b"\0" in head[:64]
    return windows or head.startswith((b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"))
