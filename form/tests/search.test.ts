// Search without diacritics, fast enough for a whole commune.
import { describe, expect, it } from 'vitest';
import { fold, SearchIndex } from '../src/search/fold';

describe('search', () => {
  it('folds diacritics, case, đ and both ways of writing tone marks', () => {
    expect(fold('  Nguyễn  Văn Đức ')).toBe('nguyen van duc');
    expect(fold('Hoà')).toBe(fold('Hòa'));
    expect(fold('Ðạt')).toBe('dat');
  });

  it('finds words in any order, beginnings of words first', () => {
    const index = new SearchIndex(['Lê Thị Lan', 'Hoàng Văn Đan', 'Nguyễn An'], (name) => name);
    expect(index.find('an', 10)).toEqual(['Nguyễn An', 'Lê Thị Lan', 'Hoàng Văn Đan']);
    expect(index.find('dan hoang', 10)).toEqual(['Hoàng Văn Đan']);
  });

  it('finds one among 5,000 households', () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `Nguyễn Văn Hộ ${index} Khối ${index % 30} 0400780${index}`);
    const index = new SearchIndex(rows, (row) => row);
    expect(index.find('ho 4999', 50)).toHaveLength(1);
  });
});
