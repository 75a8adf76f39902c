// Text for search: without diacritics and case, as the register folds it (đ is d), so that "nguyen" finds "Nguyễn".

const MARKS = /[\u0300-\u036f]/g;

export function fold(text: string): string {
  return text.normalize('NFD').replace(MARKS, '').toLowerCase().replaceAll(/[đðɖ]/g, 'd').replace(/\s+/g, ' ').trim();
}

/** A list made ready for search: each row's text is folded once. */
export class SearchIndex<Row> {
  readonly #rows: { row: Row; text: string }[] = [];
  readonly #textOf: (row: Row) => string;

  constructor(rows: readonly Row[], textOf: (row: Row) => string) {
    this.#textOf = textOf;
    this.add(rows);
  }

  /** Takes further rows: many are better added in parts, so that a page stays responsive between them. */
  add(rows: readonly Row[]): void {
    for (const row of rows) this.#rows.push({ row, text: ` ${fold(this.#textOf(row))}` });
  }

  get size(): number {
    return this.#rows.length;
  }

  /** Rows that hold every word of `query`, those where words begin with it first; at most `limit`. An empty query finds all. */
  find(query: string, limit: number): Row[] {
    const words = fold(query).split(' ').filter(Boolean);
    if (words.length === 0) return this.#rows.slice(0, limit).map(({ row }) => row);
    const first: Row[] = [];
    const second: Row[] = [];
    for (const { row, text } of this.#rows) {
      if (!words.every((word) => text.includes(word))) continue;
      (words.every((word) => text.includes(` ${word}`)) ? first : second).push(row);
      if (first.length >= limit) break;
    }
    return [...first, ...second].slice(0, limit);
  }
}
