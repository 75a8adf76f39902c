// Reading coordinates as surveyors paste them: which of a line's numbers are north and east, however columns and thousands are set off.
import type { Grid } from '../geometry/vn2000';

export interface Sheet {
  points: Grid[];
  /** Lines, counted from 1, in which no pair of coordinates is certain. */
  wrongLines: number[];
  /** Whether one of them has degrees of latitude and longitude. */
  degrees: boolean;
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
/** Central meridians are whole quarters of a degree; seconds or another pair of degrees in the line make it a position. */
const MERIDIAN = /(?<![\d.,])(10[2-9])(?:\s*[°º˚]\s*(\d{1,2})?|\s*(?:o|d|độ)\s*(\d{2})(?!\d))(?!\s*['′’]\s*\d)/iu;
const NAMED_MERIDIAN = /(?:ktt|kinh tuyến|meridian)\P{N}{0,20}(10[2-9])(?:[.,](25|50?|75)|\s+(\d{2})(?=\s*['′’p]|\s*$))?(?![\d.,°º˚])/iu;
const LATITUDE_AND_LONGITUDE = /(?<!\d)(?:8|9|1\d|2[0-3])(?:[.,]\d|\s*[°º˚])|(?<!\d)10[2-9](?:[.,]\d|\s*[°º˚])/gu;
const QUARTER = 0.25;
/** Corners nearer than this in metres are one corner, named twice: lists often end with their first line. */
const SAME_CORNER_METRES = 0.005;

interface Found {
  value: number;
  /** Whether it was written with decimals: marks and codes are not. */
  fraction: boolean;
  prefix: number | null;
}

export function readSheet(text: string): Sheet {
  const sheet: Sheet = { points: [], wrongLines: [], degrees: false, prefix: null, meridian: null };
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === '') return;
    const plain = plainSigns(line);
    const found = pairsOf(numbersOf(plain, false)) ?? pairsOf(numbersOf(plain, true));
    if (found) {
      for (const { north, east } of found) {
        sheet.points.push({ north: north.value, east: east.value });
        sheet.prefix ??= east.prefix;
      }
      return;
    }
    const meridian = meridianIn(line.normalize('NFC'));
    if (meridian !== null) sheet.meridian = meridian;
    const degrees = meridian === null && (line.match(LATITUDE_AND_LONGITUDE) ?? []).length > 1;
    if (degrees) sheet.degrees = true;
    // Above the coordinates there may be names of columns, and beside them the meridian.
    if (meridian === null && (sheet.points.length > 0 || degrees || numbersOf(plain, false).length > 0)) sheet.wrongLines.push(index + 1);
  });
  const [first, last] = [sheet.points[0], sheet.points.at(-1)];
  if (sheet.points.length > 3 && Math.hypot(first!.east - last!.east, first!.north - last!.north) < SAME_CORNER_METRES) sheet.points.pop();
  return sheet;
}

/** A line with blanks, digits and signs as keyboards make them: programs set off thousands by no-break blanks, or by apostrophes. */
function plainSigns(line: string): string {
  return line.normalize('NFKC').replace(/(?<=\d)['’](?=\d{3}(?!\d))/g, '');
}

/** The central meridian that a line names, in degrees; null for none. */
function meridianIn(line: string): number | null {
  const [angle, named] = [MERIDIAN.exec(line), NAMED_MERIDIAN.exec(line)];
  const minutes = Number(angle?.[2] ?? angle?.[3] ?? named?.[3] ?? 0);
  const degrees = Number(angle?.[1] ?? named?.[1] ?? NaN) + (angle ? minutes / 60 : Number(`0.${named?.[2] ?? 0}`) + minutes / 60);
  return Number.isInteger(degrees / QUARTER) ? degrees : null;
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

interface Pair {
  north: Found;
  east: Found;
}

/** North and east of each corner in a line, side by side; null where there are none, or where others are equally likely. */
function pairsOf(numbers: readonly Found[]): Pair[] | null {
  const pair = (first: Found, second: Found): Pair[] => {
    if (isNorth(first.value) && isEast(second.value)) return [{ north: first, east: second }];
    return isEast(first.value) && isNorth(second.value) ? [{ north: second, east: first }] : [];
  };
  const pairs = numbers.slice(1).flatMap((second, index) => pair(numbers[index]!, second));
  if (pairs.length < 2) return pairs.length === 0 ? null : pairs;
  // Several corners in one line and nothing else.
  const corners = numbers.flatMap((first, index) => (index % 2 === 0 && numbers[index + 1] ? pair(first, numbers[index + 1]!) : []));
  if (2 * corners.length === numbers.length) return corners;
  // A mark's number beside the coordinates of one corner has no decimals, and they have.
  const measured = pairs.filter(({ north, east }) => north.fraction && east.fraction);
  return measured.length === 1 && numbers.filter(({ value }) => isNorth(value)).length === 1 ? measured : null;
}
