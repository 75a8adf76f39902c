// Search without diacritics, fast enough for a whole commune.
import { describe, expect, it } from 'vitest';
import { fold, normalize, SearchIndex, spelling } from '../src/search/fold';
import { villageKey, villagesOf } from '../src/search/villages';
import spellings from './spellings.json';
import villages from './villages.json';

describe('text', () => {
  it.each(spellings)('is stored and folded as by the register: $why', ({ text, stored, folded }) => {
    expect([normalize(text), fold(text)]).toEqual([stored, folded]);
    expect([normalize(stored), fold(stored), fold(folded)]).toEqual([stored, folded, folded]);
  });

  it.each(villages.one.map((names) => ({ names })))('is one village: $names', ({ names }) => {
    expect(new Set(names.map(spelling)).size).toBe(1);
  });

  it.each(villages.different.map((names) => ({ names })))('is several villages: $names', ({ names }) => {
    expect(new Set(names.map(spelling)).size).toBe(names.length);
  });
});

describe('villages', () => {
  const of = (village: string, former_commune: string) => ({ village, former_commune });
  const formerName = (code: string): string => ({ '17485': 'Diễn Minh', '17486': 'Diễn Bình' })[code] ?? code;

  it('are one in every spelling, and two where two former communes have one', () => {
    const households = [of('Hòa Bình', '17485'), of('Hoà Bình', '17485'), of('hòa  bình', '17485'), of('Hòa Bình', '17485'), of('', '17485')];
    expect(villagesOf(households, formerName).map(({ label }) => label)).toEqual(['Hòa Bình']);
    expect(new Set(households.map(villageKey)).size).toBe(2);
    const two = [of('Xóm 5', '17485'), of('xóm 05', '17486'), of('Xóm 10', '17485')];
    expect(villagesOf(two, formerName).map(({ label }) => label)).toEqual(['xóm 05 (Diễn Bình)', 'Xóm 5 (Diễn Minh)', 'Xóm 10']);
  });
});

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

  it('finds a number however it is grouped', () => {
    const index = new SearchIndex(['Lan 0912345678', 'Mai 0987654321'], (row) => row);
    for (const typed of ['0912345678', '0912 345 678', '0912.345.678', '+84 912-345-678', '0912\u00a0345\u2011678', '０９１２345678']) {
      expect(index.find(typed, 10)).toEqual(['Lan 0912345678']);
    }
  });

  it('finds one among 5,000 households', () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `Nguyễn Văn Hộ ${index} Khối ${index % 30} 0400780${index}`);
    const index = new SearchIndex(rows, (row) => row);
    expect(index.find('ho 4999', 50)).toHaveLength(1);
  });
});
