/** Stands in for emoji-picker-element's database, which would fetch what is bundled here. */
import data from "emoji-picker-element-data/en/emojibase/data.json";

type Row = [unicode: string, annotation: string, group: number, order: number, words: string];

interface Emoji {
  unicode: string;
  annotation: string;
}

const rows = (data as unknown as Row[]).toSorted((a, b) => a[3] - b[3]);
const emoji = ([unicode, annotation]: Row): Emoji => ({ unicode, annotation });

export default class Database {
  getEmojiByGroup(group: number): Promise<Emoji[]> {
    return Promise.resolve(rows.filter((row) => row[2] === group).map(emoji));
  }

  getEmojiBySearchQuery(query: string): Promise<Emoji[]> {
    const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const fits = ([, annotation, , , more]: Row) => {
      const text = `${annotation} ${more}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    };
    return Promise.resolve(rows.filter(fits).map(emoji));
  }
}
