/**
 * Names as they are searched for; mediachat/folding.py has the same for the server and says why, and
 * tests/folding.json holds both.
 */

/** Letters that have no accent to take away, and such as people type for each other. */
// prettier-ignore
const PLAIN = new Map([
  ...Object.entries({ ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ł: "l", þ: "th", ħ: "h", ı: "i", ς: "σ" }),
  ...Object.entries({ ŋ: "n", ŧ: "t", ɓ: "b", ɗ: "d", ƙ: "k", ƴ: "y" }),
  ...Object.entries({ ى: "ي", ی: "ي", ک: "ك", ہ: "ه", ھ: "ه", ە: "ه", ة: "ه", ٱ: "ا", "\u0640": "" }),
  ...Object.entries({ "\u05f3": "'", "\u05f4": '"', "‘": "'", "’": "'", "\u02bc": "'", "\u02bb": "'" }),
  ...Object.entries({ "\u2010": "-", "\u2011": "-", "–": "-", "\u30a0": "-", "\u0f0b": " " }),
]);
const KATAKANA = /[\u30a1-\u30f6\u30fd\u30fe]/u;
const TO_HIRAGANA = 0x60;
/**
 * Accents, the vowel points of Hebrew and Arabic, the dots of Indian letters, and what is not seen:
 * other marks make other letters.
 */
const LEFT_OUT =
  /[\p{Cf}\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u093c\u09bc\u0a3c\u0abc\u0b3c\u0c3c\u0cbc\u1037\u180b-\u180f\u1ab0-\u1abd\u1dc0-\u1dff\u20d0-\u20dc\ufe00-\ufe0f\ufe20-\ufe2f]/gu;

/**
 * A name as it is searched for: without capitals and accents, and wide letters as narrow ones.
 * @param {string} name
 */
export function searchable(name) {
  const letters = name.normalize("NFKD").replace(LEFT_OUT, "").toLowerCase();
  return [...letters].map(plain).join("").normalize("NFKD").replace(LEFT_OUT, "");
}

/** @param {string} letter */
function plain(letter) {
  if (KATAKANA.test(letter)) return String.fromCharCode(letter.charCodeAt(0) - TO_HIRAGANA);
  return PLAIN.get(letter) ?? letter;
}

/**
 * How well what was typed fits a person, who is called by both names: 0 where it begins one of
 * them, 1 where it begins a later word, 2 where it is within a word, and null where it is in neither.
 * @param {string} typed
 * @param {string[]} names
 * @returns {number | null}
 */
export function matchRank(typed, names) {
  const wanted = searchable(typed).trim();
  const ranks = names.map(searchable).map((name) => {
    if (name.startsWith(wanted)) return 0;
    const words = name.split(/[\s._-]+/);
    if (words.some((word) => word.startsWith(wanted))) return 1;
    return name.includes(wanted) ? 2 : Infinity;
  });
  const best = Math.min(...ranks);
  return Number.isFinite(best) ? best : null;
}
