// Text as the register writes and searches it (schemas/text.py); form/tests/spellings.json tests both.

/** Invisible characters: format characters, variation selectors and other ignorable ones, except the Hangul fillers. */
const INVISIBLE =
  /[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
/** What looks like an ordinary space. */
const BLANK = /[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\u115f\u1160\u3164\uffa0\u2800]/g;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const STRUCK_D = /([Dd])[\u0335\u0336]/g;
const OF_OTHER_ALPHABETS = /[\u0370-\u052f]/;
/** A tone with further marks above the same letter: the circumflex and the breve belong before it. */
const MARKS_ABOVE = /[\u0300\u0301\u0303\u0309][\u0300-\u0303\u0306\u0309]+/g;
const MARKS = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g;
const APOSTROPHES =
  /['`\u00b4\u2018\u2019\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u02be\u02bf\ua78b\ua78c\uff07\uff40\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u0374\u0384\u055a\u05f3]/g;
const DASHES = /[\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d\u1806]/g;
const QUOTES = /[\u201c-\u201f\u2033\u00ab\u00bb\uff02]/g;
const SLASHES = /[\u2044\u2215]/g;
const SPACES = /\s+/g;
const ASCII = /^[\0-\x7f]*$/;
const WORD = /[^\s\-./,;:()"]+/g;
const TONES = /[\u0300\u0301\u0303\u0309\u0323]/g;
const ENDS_IN_Y = /^(h|k|l|m|s|t|qu)y$/;
const ZEROS_BEFORE = /(?<![0-9])0+(?=[0-9])/g;

/** Letters that look like Đ and đ. */
const LIKE_D = pairs('\u00d0\u00f0\u0189\u0256', '\u0110\u0111\u0110\u0111');
/** Letters that nobody can distinguish from Latin ones: Cyrillic, Greek, and phonetic a and g. */
const LOOK_ALIKES = pairs(
  '\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u04ae\u0425\u0406\u0408\u0405\u0500\u051a\u051c\u0430\u0435\u043e\u0440\u0441\u0443\u04af\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u0251\u0261',
  'ABEKMHOPCTYYXIJSDQWaeopcyyxijshdqwABEZHIKMNOPTYXoag',
);
/** Folded letters to Latin ones; those of other alphabets by the look of their capitals. */
const LETTERS = pairs(
  '\u0111\u00f0\u0256\u0131\u0251\u0261\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u04af\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7',
  'dddiagabekmhopctyyxijshdqwabezhikmnoptyx',
);

function pairs(from: string, to: string): ReadonlyMap<string, string> {
  return new Map([...from].map((letter, at) => [letter, to[at]!]));
}

function translated(text: string, letters: ReadonlyMap<string, string>): string {
  return [...text].map((letter) => letters.get(letter) ?? letter).join('');
}

/** `text` as the register stores it: invisible characters are removed, look-alike letters replaced. */
export function normalize(text: string): string {
  if (ASCII.test(text)) return text.trim();
  const seen = visible(text);
  let letters = translated(seen.normalize('NFD'), LIKE_D);
  const latin = translated(letters, LOOK_ALIKES);
  if (!OF_OTHER_ALPHABETS.test(latin)) letters = latin;
  letters = letters.replace(STRUCK_D, (_, letter: string) => (letter === 'D' ? 'Đ' : 'đ'));
  return letters.replace(MARKS_ABOVE, inOrder).normalize('NFC').trim();
}

/** `text` for search: without diacritics, case and apostrophes, so that "nguyen" finds "Nguyễn" and "hhoa" finds "H'Hoa". */
export function fold(text: string): string {
  const quick = text.normalize('NFD').replace(MARKS, '').toLowerCase().replaceAll('đ', 'd');
  if (ASCII.test(quick)) return quick.replace(/['`]/g, '').replace(SPACES, ' ').trim();
  let folded = foldedOnce(text);
  for (let again = foldedOnce(folded); again !== folded; again = foldedOnce(folded)) folded = again;
  return folded;
}

/**
 * Equal for texts that differ only in how they are written: case, spaces, signs, the place of the tone (hoà, hòa), i or y (Mĩ, Mỹ),
 * zeros before a number. Diacritics count: Đông Sơn is not Đồng Sơn.
 */
export function spelling(text: string): string {
  const signs = normalize(plainSigns(text)).toLowerCase().replace(SPACES, ' ');
  const spelled = signs.normalize('NFD').replace(WORD, (word) => {
    const bare = word.replace(TONES, '');
    return bare.replace(ENDS_IN_Y, '$1i') + (word.match(TONES) ?? []).join('');
  });
  return spelled.normalize('NFC').replace(ZEROS_BEFORE, '');
}

function foldedOnce(text: string): string {
  const signs = plainSigns(text.replace(INVISIBLE, '').replace(BLANK, ' '));
  const letters = signs.normalize('NFKD').toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ').replace(MARKS, '');
  return translated(letters, LETTERS).normalize('NFKC').replace(SPACES, ' ').trim();
}

function visible(text: string): string {
  const seen = text.replace(INVISIBLE, '').replace(BLANK, ' ');
  return seen.replace(FULL_WIDTH, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
}

function plainSigns(text: string): string {
  return text.replace(APOSTROPHES, '').replace(DASHES, '-').replace(QUOTES, '"').replace(SLASHES, '/');
}

/** The marks above a letter, those that give its shape before those that give its tone. */
function inOrder(marks: string): string {
  const shapes = marks.replace(/[^\u0302\u0306]/g, '');
  return shapes + marks.replace(/[\u0302\u0306]/g, '');
}

/** The words of a query; the parts of a number, however it is grouped (0912.345.678, +84 912 345 678), are one word. */
function wordsOf(query: string): string[] {
  const folded = fold(query);
  const compact = folded.replace(/[\s.()-]/g, '');
  if (/^\+?[0-9]{8,}$/.test(compact)) return [compact.replace(/^\+?84(?=[35789][0-9]{8}$)/, '0')];
  return folded.split(' ').filter(Boolean);
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
    const words = wordsOf(query);
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
