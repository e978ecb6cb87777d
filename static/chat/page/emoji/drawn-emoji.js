/**
 * Which emoji this system has in colour. There are new ones each year, and a font that is older
 * shows a box for them, or the parts of which they are made one after the other.
 */
const SIZE = 16;
const CELL = 24;
const COLUMNS = 32;
/** Parts one after the other take twice the room; some fonts have emoji a bit wider than others. */
const WIDER = 1.8;
const SURE = "😀";
/** Windows has no flags of countries: it shows their letters, which say as much. */
const LETTERS = /^[\u{1F1E6}-\u{1F1FF}]{2}$/u;

/** @type {Map<string, boolean>} */
const looked = new Map();

/**
 * Those that are drawn as emoji; all where none are, as without any font in colour, and where the
 * browser keeps to itself what a canvas shows.
 *
 * @template {{unicode: string}} E
 * @param {E[]} emoji
 * @returns {Promise<E[]>}
 */
export async function drawn(emoji) {
  const signs = [SURE, ...emoji.map(({ unicode }) => unicode)].filter((each) => !looked.has(each));
  if (signs.length > 0) {
    await document.fonts.load(`${SIZE}px "Media Chat Emoji"`, SURE).catch(() => {});
    look(signs);
  }
  if (!looked.get(SURE)) return emoji;
  return emoji.filter(({ unicode }) => LETTERS.test(unicode) || looked.get(unicode));
}

/**
 * What has colours of its own looks the same in every colour of text.
 *
 * @param {string[]} signs
 */
function look(signs) {
  const canvas = document.createElement("canvas");
  canvas.width = COLUMNS * CELL;
  canvas.height = Math.ceil(signs.length / COLUMNS) * CELL;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  context.font = `${SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  const room = context.measureText(SURE).width * WIDER;
  const [dark, light] = ["#000", "#fff"].map((colour) => {
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = colour;
    signs.forEach((sign, at) => {
      const x = (at % COLUMNS) * CELL;
      context.fillText(sign, x, (Math.floor(at / COLUMNS) + 0.5) * CELL, CELL);
    });
    return new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  });
  signs.forEach((sign, at) => {
    const first = Math.floor(at / COLUMNS) * CELL * canvas.width + (at % COLUMNS) * CELL;
    let isDrawn = false;
    let isSame = true;
    for (let y = 0; y < CELL && isSame; y += 1) {
      for (let x = first + y * canvas.width, end = x + CELL; x < end; x += 1) {
        if (dark[x] !== 0) isDrawn = true;
        if (dark[x] !== light[x]) isSame = false;
      }
    }
    looked.set(sign, isDrawn && isSame && context.measureText(sign).width < room);
  });
}
