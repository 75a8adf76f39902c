// Reading coordinates as surveyors paste them: which of a line's numbers are north and east, however columns and thousands are set off.
import type { Grid } from '../geometry/vn2000';

export interface Sheet {
  points: Grid[];
  /** Lines, counted from 1, in which no pair of coordinates is certain. */
  wrongLines: number[];
  /** A UTM zone that stands before eastings, as in 48598041.942; null for none. */
  prefix: number | null;
  /** A central meridian that is named above the coordinates, in degrees; null for none. */
  meridian: number | null;
}

/** In Viet Nam north is 900,000 metres or more, and east less: the size shows which is which. */
const isNorth = (value: number): boolean => value >= 900_000 && value <= 2_700_000;
const isEast = (value: number): boolean => value > 100_000 && value < 900_000;
const PREFIXED_EAST = /^(4[89])(\d{6}(?:\.\d*)?)$/;
/** Thousands may be set off by a blank; digits that belong to a word (X1, m2, VN-2000) are no number. */
const NUMBER = /(?<![\p{L}\d.,-])(?:\d{1,3}(?: \d{3})+(?:[.,]\d+)?|\d[\d.,]*)(?![\p{L}\d.,])/gu;
const METRES = /(?<=\d)\s*m(?!\p{L})/gu;
const MERIDIAN = /\b(10[2-9])\s*[°º]\s*(\d{1,2})?/;
/** Corners nearer than this in metres are one corner, named twice: lists often end with their first line. */
const SAME_CORNER_METRES = 0.005;

interface Found {
  value: number;
  /** Whether it was written with decimals: marks and codes are not. */
  fraction: boolean;
  prefix: number | null;
}

export function readSheet(text: string): Sheet {
  const sheet: Sheet = { points: [], wrongLines: [], prefix: null, meridian: null };
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === '') return;
    const pair = pairOf(numbersOf(line, false)) ?? pairOf(numbersOf(line, true));
    if (pair) {
      sheet.points.push({ north: pair.north.value, east: pair.east.value });
      sheet.prefix ??= pair.east.prefix;
      return;
    }
    const heading = MERIDIAN.exec(line);
    if (heading) sheet.meridian = Number(heading[1]) + Number(heading[2] ?? 0) / 60;
    // Above the coordinates there may be names of columns, and the meridian.
    if (sheet.points.length > 0 || (heading === null && numbersOf(line, false).length > 0)) sheet.wrongLines.push(index + 1);
  });
  const [first, last] = [sheet.points[0], sheet.points.at(-1)];
  if (sheet.points.length > 3 && Math.hypot(first!.east - last!.east, first!.north - last!.north) < SAME_CORNER_METRES) sheet.points.pop();
  return sheet;
}

/** The numbers of a line. With `split` a comma sets off columns, else it is a part of numbers. */
function numbersOf(line: string, split: boolean): Found[] {
  const bare = line.replace(METRES, ' ');
  const spaced = split ? bare.replaceAll(',', ' , ') : bare;
  return (spaced.match(NUMBER) ?? []).map((written) => {
    const plain = readMetres(written.replace(/[.,]+$/, ''));
    const prefixed = PREFIXED_EAST.exec(plain);
    return { value: Number(prefixed ? prefixed[2] : plain), fraction: plain.includes('.'), prefix: prefixed ? Number(prefixed[1]) : null };
  });
}

/** "2066361.038", "2066361,038", "2.066.361,038", "2,066,361.038" and "2 066 361.038" are the same number of metres. */
function readMetres(written: string): string {
  const text = written.replaceAll(' ', '');
  const last = Math.max(text.lastIndexOf('.'), text.lastIndexOf(','));
  if (last < 0) return text;
  const mark = text[last]!;
  const grouped = text.split(mark).length > 2;
  // A sign that comes twice, or before another one, must set off groups of three: anything else is several numbers in one.
  if (!/^\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$/.test(text) && text.split(/[.,]/).length > 2) return 'NaN';
  return grouped ? text.replaceAll(mark, '') : `${text.slice(0, last).replace(/[.,]/g, '')}.${text.slice(last + 1)}`;
}

/** North and east of a line, side by side; null where there are none, or where several pairs are equally likely. */
function pairOf(numbers: readonly Found[]): { north: Found; east: Found } | null {
  const pairs = numbers.slice(1).flatMap((second, index) => {
    const first = numbers[index]!;
    if (isNorth(first.value) && isEast(second.value)) return [{ north: first, east: second }];
    return isEast(first.value) && isNorth(second.value) ? [{ north: second, east: first }] : [];
  });
  if (pairs.length < 2) return pairs[0] ?? null;
  // A mark's number beside the coordinates has no decimals, and they have.
  const measured = pairs.filter(({ north, east }) => north.fraction && east.fraction);
  return measured.length === 1 ? measured[0]! : null;
}
