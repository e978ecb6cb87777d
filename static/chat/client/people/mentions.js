/**
 * Where a mention begins in what people write: chat/rendering/mentions.py has the same for the server and
 * says why, and tests/mentions.json holds both.
 */

/** A sign and what has been written of the name, up to the caret. */
const BEGUN = /[@＠]((?:[\p{L}\p{M}\p{N}\u0f0b_.+-]|\p{Join_Control})*)$/u;
const JOINS_A_WORD = /[\p{L}\p{M}\p{N}_@＠./+-]/u;
const MARK = /\p{M}/u;

// prettier-ignore
const ALPHABETS = [
  "Latin", "Greek", "Cyrillic", "Armenian", "Georgian", "Hebrew", "Arabic", "Ethiopic", "Devanagari",
  "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala",
  "Thai", "Lao", "Tibetan", "Myanmar", "Khmer", "Thaana", "Han", "Hiragana", "Katakana", "Hangul",
  "Bopomofo", "Mongolian", "Javanese", "Balinese", "Sundanese", "Ol_Chiki", "Meetei_Mayek", "Chakma",
  "Cham", "Tai_Le", "Tai_Viet", "Tai_Tham", "New_Tai_Lue", "Kayah_Li", "Lepcha", "Limbu", "Yi", "Nko",
  "Adlam", "Vai", "Syriac", "Tifinagh", "Canadian_Aboriginal",
  "Cherokee", "Lisu", "Osage", "Miao", "Nyiakeng_Puachue_Hmong", "Batak", "Bamum", "Newa", "Saurashtra",
  "Syloti_Nagri", "Hanifi_Rohingya", "Wancho", "Mandaic",
].map((name) => ({ name, letters: new RegExp(`\\p{Script=${name}}`, "u") }));
const WRITTEN_TOGETHER = [
  ["Han", "Hiragana", "Katakana"],
  ["Han", "Hangul"],
  ["Han", "Bopomofo"],
];
/** Alphabets of words that follow each other without a space, or that take endings after a name. */
// prettier-ignore
const UNSPACED = ["Han", "Hiragana", "Katakana", "Bopomofo", "Hangul", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan",
  "Tai_Le", "Tai_Viet", "Tai_Tham", "New_Tai_Lue", "Javanese", "Balinese", "Cham", "Yi"];
/** What makes a syllable of Japanese longer belongs to both of its alphabets. */
const LONG = /[ーｰ]/u;
/** A letter, but for the narrow signs of Japanese that become marks. */
const OTHER_LETTER = /(?![ﾞﾟ])\p{L}/u;

/**
 * What has been written of a name in a text that ends at the caret; null where no mention has
 * begun, and "" right after its sign.
 * @param {string} text
 * @returns {string | null}
 */
export function begunMention(text) {
  const found = BEGUN.exec(text);
  if (!found) return null;
  const [, name] = found;
  const before = [...text.slice(Math.max(0, found.index - 20), found.index)];
  if (!isOfOneAlphabet(name) || !begins(before, name)) return null;
  return name;
}

/** @param {string} name */
function isOfOneAlphabet(name) {
  const its = new Set([...name].map(alphabet).filter(Boolean));
  return (
    its.size <= 1 ||
    WRITTEN_TOGETHER.some((together) => [...its].every((each) => together.includes(each)))
  );
}

/**
 * @param {string[]} before the characters before the sign
 * @param {string} name
 */
function begins(before, name) {
  const last = before.at(-1) ?? "";
  if (last === "_" || !JOINS_A_WORD.test(last)) return true; // perhaps an emphasis, as in _@name_
  const letter = alphabet(before.reverse().find((each) => !MARK.test(each)) ?? "");
  if (UNSPACED.includes(letter)) return true;
  if (letter === "" || letter === "other") return false;
  // What has a dot is an e-mail address, of which either side may be in any alphabet.
  return !["", letter].includes(alphabet([...name][0] ?? "")) && !name.includes(".");
}

/**
 * The alphabet of a letter; empty for a digit, a sign or an accent, which stand with any.
 * @param {string} character
 */
function alphabet(character) {
  if (LONG.test(character)) return "Katakana";
  const found = ALPHABETS.find(({ letters }) => letters.test(character));
  return found?.name ?? (OTHER_LETTER.test(character) ? "other" : "");
}
