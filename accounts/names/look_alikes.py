"""Folds look-alike letters together, so that names can be compared as people see them.

The tables follow Unicode's Technical Standard 39 (https://www.unicode.org/reports/tr39/), which
Python's unicodedata lacks: the pairs that a username can contain now or could before. Added are
pairs that look alike only in small letters or only in capitals, and all small capitals.
"""

import re
import unicodedata

_CYRILLIC = ("авеіјкӏмнорсѕтухһԁԛԝьѵбгзӡүҽѡꙇ", "abeijklmhopcstyxhdqwbv6r33yewi")
_GREEK = ("αβεζηικμνορτυχωγσςϲϳᴦᴩ", "abezhikmvoptyxwyoocjrp")
_ARMENIAN = ("օոսհցզագռք", "onuhgqwqnf")
_SMALL_CAPITALS = ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz")
_LATIN = (
    "ıɑɡɩǀꞁȷɯʋɣɛǝᴑᶃᶌʒɜȝꝫƍƅꞵƒẝꞙꬵỿꭚꞟꭎꭒꬲꬽꭇꭈꭓƨꝛƽȣꝯĸɨ",
    "iagilljwuyeəogy3333gbbffffyyuuueorrx22s89ki",
)
_LISU = ("ꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpddtgkjczfmnlsrvhwxyaeiou")
_COPTIC = ("ⲅⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭ", "rhikmnopctyx")
_OTHERS = ("ყჿוןסဝഠଠዐሀ〇ߊ", "yollooooouol")
_CANADIAN = ("ᐯᗅᗞᗪᖴᑌᑭᑯᒍᒪᖇᗷᕁᕼᗰᔕᖯᑲᑫᑕ", "vaddfupdjlrbxhmsbbqc")
_TIFINAGH = ("ⵔⵏⴸⴹⵝⵁ", "olvexo")
_CHEROKEE = (
    "ꭰꭱꭲꭵꭹꭺꭻꭼꮃꮇꮋꮍꮎꮐꮒꮓꮖꮜꮞꮟꮢꮤꮥꮩꮪꮮꮯꮲꮶꮷᏻᏼꮾ",
    "drtiyajewmhyoghziu4brwsvslcpkdgb6",
)
_CHEROKEE_CAPITALS = (_CHEROKEE[0].upper(), _CHEROKEE[1])  # Unicode folds its small letters to them
_OF_FEW = ("𐓪𐓶𐓜𖼈𖼊𖼖𖼨𖼵𖼺𖼻𖽀𖽂𖽃ꛟꛯ", "ourvtlirs3auyv2")  # Osage, Miao, Bamum
_ARABIC = ("ىیکہە", "ييكهه")
_THAI = ("ๅ", "า")
_KANA = ("ロニカタエートハミへり", "口二力夕工一卜八三ヘリ")
_WRITTEN_OUT = (
    "ꓸ=. ы=bi ײ=יי װ=ll ױ=lי แ=เเ ແ=ເເ ဩ=သြ ဪ=သြော် "
    "आ=अा ऄ=अॆ ऑ=अाॅ ऒ=अाॆ ओ=अाे औ=अाै ऍ=एॅ ऎ=एॆ ऐ=एे ई=र्इ ॉ=ाॅ ॊ=ाॆ ो=ाे ौ=ाै "
    "আ=অা ଆ=ଅା ਆ=ਅਾ ਐ=ਅੈ ਔ=ਅੌ ਇ=ੲਿ ਈ=ੲੀ ਏ=ੲੇ ਉ=ੳੁ ਊ=ੳੂ "
    "આ=અા ઍ=અૅ એ=અે ઐ=અૈ ઑ=અાૅ ઓ=અાે ઔ=અાૈ ૉ=ાૅ ો=ાે ૌ=ાૈ "
    "ఓ=ఒౕ ఔ=ఒౌ ಓ=ಒೕ ಔ=ಒೌ ഈ=ഇൗ ഊ=ഉൗ ഐ=എെ ഓ=ഒാ ഔ=ഒൗ ൈ=െെ ආ=අා ඇ=අැ ඈ=අෑ ඖ=ඔෟ"
)
"""Letters that are drawn like several others beside each other, in the same standard or by the same
strokes."""
_TABLES = (
    *(_CYRILLIC, _GREEK, _ARMENIAN, _SMALL_CAPITALS, _LATIN, _LISU, _COPTIC, _OTHERS),
    *(_ARABIC, _THAI, _KANA, _CANADIAN, _TIFINAGH, _CHEROKEE, _CHEROKEE_CAPITALS, _OF_FEW),
)
LOOK_ALIKES = {
    ord(look_alike): plain
    for look_alikes, plains in _TABLES
    for look_alike, plain in zip(look_alikes, plains, strict=True)
} | {ord(pair[0]): pair[2:] for pair in _WRITTEN_OUT.split()}
"""Lower-case letters, and what each is taken for. Some can no longer be in a new username, but
older usernames and display names have them. static/chat/client/people/look-alikes.js has the same
for the page. What usernames fold to is stored (User.skeleton): a change here needs a migration that
fills it in again."""
_UNSEEN_PARTS = re.compile("(?<=[ij])\u0307+|[\u0640\u0f0b\u200c\u200d]")
"""A dot on what has one, the stroke that makes an Arabic letter longer, the dot between the
syllables of Tibetan, and what joins letters or keeps them apart."""
_STACKED = re.compile(
    "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{2,}|[\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd]{2,}"
)
"""Thai's and Lao's signs on one letter: a tone is drawn in the same place before its vowel and
behind it."""
_VARIANTS = str.maketrans(
    {
        **dict(zip("øđðħłŧþɓɗɖƙƴɲŋƒǥə", "oddhltpbddkynnfge", strict=True)),
        **dict(zip("01345", "oleas", strict=True)),
    }
)
"""Letters with a stroke or a hook, and digits, and the plain letter within each."""


def fold(name: str) -> str:
    """Returns a form of the name that is equal for names that look the same."""
    # Letters are looked up without accents, and once before Unicode maps some to others.
    for form in ("NFD", "NFKD"):
        name = unicodedata.normalize(form, name).casefold().translate(LOOK_ALIKES)
    name = _UNSEEN_PARTS.sub("", name)
    name = _STACKED.sub(lambda signs: "".join(sorted(signs[0])), name)
    return " ".join(unicodedata.normalize("NFC", name).split())


def fold_loosely(name: str) -> str:
    """Returns the same without accents, strokes, spaces and signs, and with plain letters for
    letters and digits that some fonts draw alike. Used only for the few reserved names. For
    people's names it would refuse honest ones: Torn beside Tom, Dorn beside Dom, anna1 beside
    annal, Zoë beside Zoe. The page marks these where they appear together.
    """
    letters = unicodedata.normalize("NFD", fold(name)).translate(_VARIANTS)
    name = "".join(filter(str.isalnum, letters))
    return name.replace("rn", "m").replace("vv", "w")
