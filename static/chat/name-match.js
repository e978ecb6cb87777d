/** Letters that have no accent to take away, and how people write them without. */
const PLAIN = new Map(Object.entries({ ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ł: "l", þ: "th", ħ: "h", ı: "i" }));
/** Accents of European alphabets and the vowel points of Hebrew and Arabic: other marks are letters. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]/gu;

/**
 * A name as it is searched for: without capitals and accents, and wide letters as narrow ones.
 * @param {string} name
 */
export function searchable(name) {
  const letters = name.normalize("NFKD").toLowerCase().replace(ACCENTS, "");
  return [...letters].map((letter) => PLAIN.get(letter) ?? letter).join("");
}

/**
 * How well what was typed fits a person, who is called by both names: 0 where it begins one of
 * them, 1 where it begins a later word, 2 where it is within a word, and null where it is in neither.
 * @param {string} typed
 * @param {string[]} names
 * @returns {number | null}
 */
export function matchRank(typed, names) {
  const wanted = searchable(typed);
  const ranks = names.map(searchable).map((name) => {
    if (name.startsWith(wanted)) return 0;
    const words = name.split(/[\s._-]+/);
    if (words.some((word) => word.startsWith(wanted))) return 1;
    return name.includes(wanted) ? 2 : Infinity;
  });
  const best = Math.min(...ranks);
  return Number.isFinite(best) ? best : null;
}
