/** Letters that look like others; accounts/look_alikes.py has the same for the server. */
const LOOK_ALIKES = new Map(
  /** @type {[string, string][]} */ ([
    ["авеіјкӏмнорсѕтухһԁԛԝьѵ", "abeijklmhopcstyxhdqwbv"],
    ["αβεζηικμνορτυχωγ", "abezhikmvoptyxwy"],
    ["օոսհցզ", "onuhgq"],
    ["ıɑɡɩʟꜱʀɴ", "iagilsrn"],
  ]).flatMap(([letters, plain]) => [...letters].map((letter, at) => [letter, plain[at]])),
);
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * What a name is taken for: names that look the same have the same. A screen's letters are taken
 * for each other more easily than the server holds them to be: I for l, 0 for O.
 * @param {string} name
 */
export function fold(name) {
  const plain = name.normalize("NFKC").toLowerCase().normalize("NFKC").replace(UNSEEN, "");
  const letters = [...plain].map((letter) => LOOK_ALIKES.get(letter) ?? letter).join("");
  return letters.replace(/[i1|]/g, "l").replaceAll("0", "o").replaceAll("rn", "m").trim().replace(/\s+/g, " ");
}
