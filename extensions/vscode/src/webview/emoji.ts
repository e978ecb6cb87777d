/** The emoji, bundled: emoji-picker-element's own database would fetch them. */
import data from "emoji-picker-element-data/en/emojibase/data.json";
import type { Emoji, EmojiSource } from "../../../../static/chat/page/host/host.js";

type Row = [
  unicode: string,
  annotation: string,
  group: number,
  order: number,
  tags: string,
  shortcodes: string[],
];

const rows = (data as unknown as Row[]).toSorted((a, b) => a[3] - b[3]);
const emoji = ([unicode, annotation, , , , shortcodes]: Row): Emoji => ({
  unicode,
  annotation,
  shortcodes,
});

export class EmojiDatabase implements EmojiSource {
  getEmojiByGroup(group: number): Promise<Emoji[]> {
    return Promise.resolve(rows.filter((row) => row[2] === group).map(emoji));
  }

  getEmojiBySearchQuery(query: string): Promise<Emoji[]> {
    const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const fits = ([, annotation, , , tags, shortcodes]: Row) => {
      const text = `${annotation} ${tags} ${shortcodes.join(" ")}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    };
    return Promise.resolve(rows.filter(fits).map(emoji));
  }

  getEmojiByShortcode(code: string): Promise<Emoji | null> {
    const found = rows.find(([, , , , , shortcodes]) => shortcodes.includes(code.toLowerCase()));
    return Promise.resolve(found ? emoji(found) : null);
  }
}
