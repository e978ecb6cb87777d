/** Letters that look like others; accounts/look_alikes.py has the same for the server. */
const LOOK_ALIKES = new Map(
  /** @type {[string, string][]} */ ([
    ["авеіјкӏмнорсѕтухһԁԛԝьѵбгзӡүҽѡꙇ", "abeijklmhopcstyxhdqwbv6r33yewi"],
    ["αβεζηικμνορτυχωγσςϲϳᴦᴩ", "abezhikmvoptyxwyoocjrp"],
    ["օոսհցզագռք", "onuhgqwqnf"],
    ["ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz"],
    ["ıɑɡɩǀꞁȷɯʋɣɛǝᴑᶃᶌʒɜȝꝫƍƅꞵƒẝꞙꬵỿꭚꞟꭎꭒꬲꬽꭇꭈꭓƨꝛƽȣꝯ", "iagilljwuyeəogy3333gbbffffyyuuueorrx22s89"],
    ["ꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpddtgkjczfmnlsrvhwxyaeiou"],
    ["ⲅⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭ", "rhikmnopctyx"],
    ["ყჿוןסဝഠଠዐሀ", "yollooooou"],
  ]).flatMap(([letters, plain]) => [...letters].map((letter, at) => [letter, plain[at]])),
);
/** A dot on what has one, and the stroke that makes an Arabic letter longer. */
const UNSEEN_PARTS = /([ij])\u0307+|\u0640/g;
/** And what accounts/names.py refuses because nothing is drawn; it was not always refused. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffc\u{13441}\u{13442}\u{1d159}]|\u{16fe4}/gu;

/**
 * What a name is taken for: names that look the same have the same. A screen's letters are taken
 * for each other more easily than the server holds them to be: I for l, 0 for O.
 * @param {string} name
 */
export function fold(name) {
  // Letters are looked up without their accents, and once before Unicode makes of some another.
  const letters = plain(plain(name.normalize("NFD")).normalize("NFKD"))
    .replace(UNSEEN_PARTS, "$1")
    .normalize("NFC")
    .replace(UNSEEN, "");
  return letters.replace(/[i1|]/g, "l").replaceAll("0", "o").replaceAll("rn", "m").trim().replace(/\s+/g, " ");
}

/** @param {string} text in lower case, letters of old forms and "ß" too, as Python's casefold does */
function plain(text) {
  const lower = text.toLowerCase().toUpperCase().toLowerCase();
  return [...lower].map((letter) => LOOK_ALIKES.get(letter) ?? letter).join("");
}
