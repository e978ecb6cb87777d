/** Letters that look like others; accounts/names/look_alikes.py has the same for the server. */
const LOOK_ALIKES = new Map(
  /** @type {[string, string][]} */ ([
    ["авеіјкӏмнорсѕтухһԁԛԝьѵбгзӡүҽѡꙇ", "abeijklmhopcstyxhdqwbv6r33yewi"],
    ["αβεζηικμνορτυχωγσςϲϳᴦᴩ", "abezhikmvoptyxwyoocjrp"],
    ["օոսհցզագռք", "onuhgqwqnf"],
    ["ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz"],
    ["ıɑɡɩǀꞁȷɯʋɣɛǝᴑᶃᶌʒɜȝꝫƍƅꞵƒẝꞙꬵỿꭚꞟꭎꭒꬲꬽꭇꭈꭓƨꝛƽȣꝯĸɨ", "iagilljwuyeəogy3333gbbffffyyuuueorrx22s89ki"],
    ["ꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpddtgkjczfmnlsrvhwxyaeiou"],
    ["ⲅⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭ", "rhikmnopctyx"],
    ["ყჿוןסဝഠଠዐሀ〇ߊ", "yollooooouol"],
    ["ᐯᗅᗞᗪᖴᑌᑭᑯᒍᒪᖇᗷᕁᕼᗰᔕᖯᑲᑫᑕ", "vaddfupdjlrbxhmsbbqc"],
    ["ⵔⵏⴸⴹⵝⵁ", "olvexo"],
    ["ꭰꭱꭲꭵꭹꭺꭻꭼꮃꮇꮋꮍꮎꮐꮒꮓꮖꮜꮞꮟꮢꮤꮥꮩꮪꮮꮯꮲꮶꮷᏻᏼꮾ", "drtiyajewmhyoghziu4brwsvslcpkdgb6"],
    ["ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᎽᎾᏀᏂᏃᏆᏌᏎᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏳᏴᏮ", "drtiyajewmhyoghziu4brwsvslcpkdgb6"],
    ["𐓪𐓶𐓜𖼈𖼊𖼖𖼨𖼵𖼺𖼻𖽀𖽂𖽃ꛟꛯ", "ourvtlirs3auyv2"],
    ["ىیکہە", "ييكهه"],
    ["ๅ", "า"],
    ["ロニカタエートハミへり", "口二力夕工一卜八三ヘリ"],
  ]).flatMap(([letters, plain]) => [...letters].map((letter, at) => [letter, plain[at]])),
);
/** Letters that are drawn like several others beside each other. */
const WRITTEN_OUT =
  "ꓸ=. ы=bi ײ=יי װ=ll ױ=lי แ=เเ ແ=ເເ ဩ=သြ ဪ=သြော် " +
  "आ=अा ऄ=अॆ ऑ=अाॅ ऒ=अाॆ ओ=अाे औ=अाै ऍ=एॅ ऎ=एॆ ऐ=एे ई=र्इ ॉ=ाॅ ॊ=ाॆ ो=ाे ौ=ाै " +
  "আ=অা ଆ=ଅା ਆ=ਅਾ ਐ=ਅੈ ਔ=ਅੌ ਇ=ੲਿ ਈ=ੲੀ ਏ=ੲੇ ਉ=ੳੁ ਊ=ੳੂ " +
  "આ=અા ઍ=અૅ એ=અે ઐ=અૈ ઑ=અાૅ ઓ=અાે ઔ=અાૈ ૉ=ાૅ ો=ાે ૌ=ાૈ " +
  "ఓ=ఒౕ ఔ=ఒౌ ಓ=ಒೕ ಔ=ಒೌ ഈ=ഇൗ ഊ=ഉൗ ഐ=എെ ഓ=ഒാ ഔ=ഒൗ ൈ=െെ ආ=අා ඇ=අැ ඈ=අෑ ඖ=ඔෟ";
for (const pair of WRITTEN_OUT.split(" ")) LOOK_ALIKES.set(pair[0], pair.slice(2));
/** A dot on what has one, the stroke that makes an Arabic letter longer, and the dot between syllables of Tibetan. */
const UNSEEN_PARTS = /([ij])\u0307+|[\u0640\u0f0b]/g;
/** Thai's and Lao's signs on one letter: drawn in the same place in any order. */
const STACKED = /[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{2,}|[\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd]{2,}/g;
/** And what accounts/profile/allowed_names.py refuses because nothing is drawn; it was not always refused. */
const UNSEEN =
  /[\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffc\u{13441}\u{13442}\u{1d159}]|\u{16fe4}/gu;

/**
 * What a name is taken for: names that look the same have the same. A screen's letters are taken
 * for each other more easily than the server holds them to be: I for l, 0 for O.
 * @param {string} name
 */
export function fold(name) {
  // Letters are looked up without their accents, and once before Unicode makes of some another.
  const letters = plain(plain(name.normalize("NFD")).normalize("NFKD"))
    .replace(UNSEEN_PARTS, "$1")
    .replace(STACKED, (signs) => [...signs].sort().join(""))
    .normalize("NFC")
    .replace(UNSEEN, "");
  return letters
    .replace(/[i1|]/g, "l")
    .replaceAll("0", "o")
    .replaceAll("rn", "m")
    .trim()
    .replace(/\s+/g, " ");
}

/** @param {string} text in lower case, letters of old forms and "ß" too, as Python's casefold does */
function plain(text) {
  const lower = text.toLowerCase().toUpperCase().toLowerCase();
  return [...lower].map((letter) => LOOK_ALIKES.get(letter) ?? letter).join("");
}
