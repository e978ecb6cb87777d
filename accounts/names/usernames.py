"""Decides which usernames are allowed.

Messages mention people as @username, so the end of a name has to be unambiguous: letters, digits
and underscores, with single dots or hyphens between them. All letters are of one alphabet: two
alphabets can be combined to imitate another name. Vowels and tones that South and South-East Asia
writes as marks belong to its letters. Only letters in use today are allowed: phonetic and historic
ones serve to imitate others.

A name is normalised before it is checked: full-width letters, ligatures and the like are other
spellings of the same name. ``accounts.profile.allowed_names`` checks whether a name is taken.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError

LENGTH = 40
"""Characters of a name."""
TYPED_LENGTH = 150
"""Characters of what is looked at: one of them can be normalised to eighteen."""
RESERVED = frozenset(
    {
        *("all", "channel", "everybody", "everyone", "group", "here", "nobody", "room", "team"),
        *("anonymous", "deleted", "media-chat", "mediachat", "server", "system", "unknown"),
    }
)
"""Whom a mention could mean beside a person, and in whose name the product speaks."""
OFFICIAL = frozenset(
    {
        *("admin", "administrator", "administrators", "admins", "help", "moderator", "moderators"),
        *("official", "root", "security", "staff", "support", "webmaster"),
    }
)
"""What nobody may call themselves; an administrator may make such an account."""
ERASED = "gone-"
"""How the names of people begin who were erased."""
_ERASED = re.compile(rf"{ERASED}[0-9a-f]{{10}}")

ALPHABETS = frozenset(
    {
        *("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "ETHIOPIC"),
        *("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA"),
        *("MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "THAANA"),
        *("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"),
        # Scripts of smaller communities (table 7):
        *("MONGOLIAN", "JAVANESE", "BALINESE", "SUNDANESE", "OL", "MEETEI", "CHAKMA", "CHAM"),
        *("TAI", "NEW", "KAYAH", "LEPCHA", "LIMBU", "YI", "NKO", "ADLAM", "VAI", "SYRIAC"),
        *("TIFINAGH", "CANADIAN", "CHEROKEE", "LISU", "OSAGE", "MIAO", "NYIAKENG", "BATAK"),
        *("BAMUM", "NEWA", "SAURASHTRA", "SYLOTI", "HANIFI", "WANCHO", "MANDAIC"),
    }
)
"""Those that people write with today (Unicode's Standard Annex 31, tables 5 and 7), as Unicode's
names of their letters begin."""
WRITTEN_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"CJK", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
"""Japanese, Korean and Chinese."""

_BASES = {
    "LATIN": "a-zßæðøþđħıĸłŋœŧə" + "ƒƙƴǝɓɔɖɗɛɣɨɩɲʉʊʋ" + "ǥʒ",
    "GREEK": "α-ω",
    "CYRILLIC": "а-џ" + "ҋ-ӿ" + "ԑԓԕԗԙԛԝԟԡԣԥԧԩԯ",
    "ARMENIAN": "ա-ֆ",
    "GEORGIAN": "ა-ჰჷ-ჺჽ-ჿ",
}
"""The letters in everyday use, without accents: those of Unicode's Technical Standard 39
(Identifier_Status is Allowed, https://www.unicode.org/reports/tr39/), which Python's unicodedata
does not tell, with those of African languages and of Skolt Sámi."""
_EVERYDAY = re.compile(f"[{''.join(_BASES.values())}]")
_OUT_OF_USE = re.compile(
    "[\u0640\u066e\u066f\u0673\u068e\u06a1\u08ad-\u08b1\u08b3\u08b4\ufe73"  # Arabic
    "\u0978\ua8f2-\ua8fe\u0980\u09fc\u0af9\u0c34\u0c58-\u0c5a\u0cde\u0d04\u0d5f"  # India
    "\u0d8f\u0d90\u0da6\ua9e0-\ua9e6\u17a3\u17a4\u17a8\u312e"
    "\u31f0-\u31ff\U0001aff0-\U0001b122\U0001b150-\U0001b167"  # kana
    "\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff"  # parts of Hangul's syllables
    # Marks:
    "\u0900\u094e\u0951-\u0955\u0a51\u0a75\u0b44\u0b62\u0b63\u0c00\u0c62\u0c63\u0c81\u0d01\u0d3b"
    "\u0d3c\u0d44\u0d62\u0d63\u0d81\u0ddf\u0df3\u0f18\u0f19\u0f39\u0f73\u0f75-\u0f79\u0f81\u0f93"
    "\u0f9d\u0fa2\u0fa7\u0fac\u0fb9\u17b4\u17b5\u17ce\u17cf\u17d1\u17d3\u17dd]"
)
"""The same standard's letters and marks of the other alphabets that are not (Unicode 14)."""

_TSHEG = "\u0f0b"
_MARKED = (
    *range(0x0780, 0x0800),  # Thaana, N'Ko
    *(*range(0x0900, 0x10A0), *range(0x1780, 0x1800)),  # Devanagari to Sinhala, Thai to Khmer
    *(0x1885, 0x1886, 0x18A9),  # Mongolian
    *(*range(0x1900, 0x1950), *range(0x1A20, 0x1A80)),  # Limbu, Tai
    *range(0x1B00, 0x1C38),  # Balinese, Sundanese, Batak, Lepcha
    *(*range(0xA6F0, 0xA6F2), *range(0xA800, 0xA830)),  # Bamum, Syloti Nagri
    *(*range(0xA880, 0xA8E0), *range(0xA900, 0xA930)),  # Saurashtra, Kayah Li
    *(*range(0xA980, 0xA9E0), *range(0xAA00, 0xAAE0)),  # Javanese, Cham, Tai Viet
    *(*range(0xABC0, 0xAC00), *range(0x10D00, 0x10D40)),  # Meetei Mayek, Rohingya
    *(*range(0x11100, 0x11150), *range(0x11400, 0x11480)),  # Chakma, Newa
    *(*range(0x16F00, 0x16FA0), *range(0x1E130, 0x1E140)),  # Miao, Nyiakeng Puachue
    *(*range(0x1E2C0, 0x1E300), *range(0x1E900, 0x1E960)),  # Wancho, Adlam
)
MARKS = _TSHEG + "".join(
    char
    for char in map(chr, _MARKED)
    if unicodedata.category(char) in ("Mn", "Mc") and not _OUT_OF_USE.match(char)
)
"""Vowels, tones and joints without which few names can be written. Hebrew's, Arabic's and Syriac's
vowel points are not among them: people leave these out of their names, and two names must not
differ by them alone. What parts the syllables of Tibetan is one of them."""
_TONES = "[\u0300\u0301\u0303\u0304\u030c]"
_SPOKEN_IN_TONES = "aeiougmnẹọəɛɔɩʊŋ"
"""Letters of Yoruba, Ewe, Igbo, Guarani and others, some of which Unicode has with no tone: those
it has are one character when a name is normalised."""
WORD = rf"(?:[\d_]|[^\W\d_](?:(?<=[{_SPOKEN_IN_TONES}]){_TONES}|[{MARKS}]*))+"
"""A part of a name between dots and hyphens, as a regular expression."""
_SHAPE = re.compile(rf"{WORD}(?:[.-]{WORD})*")
_HEAPED = re.compile(rf"([{MARKS}])\1|[{MARKS}]{{6}}")
"""The same mark twice is drawn as one; many reach into the lines around."""

_VIRAMAS = "".join(char for char in MARKS if unicodedata.combining(char) == 9)
_JOINER = re.compile(
    f"(?<=[{_VIRAMAS}])[\u200c\u200d](?=\\w)|(?<=\\w)\u200d(?=[{_VIRAMAS}])"
    "|(?<=[\u0620-\u08ff])\u200c(?=[\u0620-\u08ff])"
)
"""What shapes the letters around it, as in Sinhala, Bengali and Persian, and is not seen itself: a
name is the same without it."""
_SECOND_DOT = re.compile("(?<=[ij])\u0307+")
"""What is left of Turkish's İ in lower case: it is typed by people whose name begins with i."""
_HAN_ZERO = "〇"
"""A letter of Chinese names, which Unicode counts among the numbers."""


def normalize(name: str) -> str:
    """Returns the canonical lower-case spelling of a name; applying it twice changes nothing."""
    lower = _JOINER.sub("", unicodedata.normalize("NFKC", name).lower())
    return unicodedata.normalize("NFKC", _SECOND_DOT.sub("", lower)).rstrip(_TSHEG)


def check(name: str) -> None:
    """Checks a name for a new account, however it is made; existing accounts keep their names.

    Raises:
        ValidationError: the name is not allowed; the message says what to change.
    """
    if len(name) > TYPED_LENGTH or len(name := normalize(name)) > LENGTH:
        raise ValidationError("Choose a name of at most 40 characters.", code="max_length")
    if not _SHAPE.fullmatch(name) or not any(map(str.isalnum, name)) or _HEAPED.search(name):
        raise ValidationError(
            "Use letters, digits and underscores, with single dots or hyphens between them.",
            code="invalid",
        )
    if any(char.isnumeric() and not _is_letter(char) and not char.isascii() for char in name):
        raise ValidationError("Use the digits 0 to 9.", code="invalid")
    alphabets = {alphabet(char) for char in name if _is_letter(char) or char in MARKS}
    if not alphabets <= ALPHABETS or not (
        len(alphabets) <= 1 or any(alphabets <= each for each in WRITTEN_TOGETHER)
    ):
        raise ValidationError("Use the letters of one alphabet.", code="invalid")
    if not all(map(_is_in_use, filter(str.isalpha, name))):
        raise ValidationError("Use letters that are in everyday use.", code="invalid")
    if name in RESERVED or _ERASED.fullmatch(name):
        raise ValidationError("Nobody can have this name. Choose another.", code="reserved")


def _is_letter(char: str) -> bool:
    return char.isalpha() or char == _HAN_ZERO


def alphabet(letter: str) -> str:
    """Returns the alphabet of a letter or mark, the first word of its Unicode name; for other
    characters, any word.
    """
    words = re.split("[ -]", unicodedata.name(letter, ""))
    if "FILLER" in words:  # Unicode has letters that are drawn as nothing
        return ""
    return "CJK" if words[0] == "IDEOGRAPHIC" else words[0]


def _is_in_use(letter: str) -> bool:
    if alphabet(letter) in _BASES:
        return bool(_EVERYDAY.match(unicodedata.normalize("NFD", letter)))
    return not _OUT_OF_USE.match(letter)


validators = [check]
