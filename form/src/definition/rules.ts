// The rules between items that the definition lets a phone check by itself, by their names in docs/form-definition.md.
import { listAt, objectAt, textAt, type JsonObject } from '../record/household';
import type { Finding } from './finding';

type Rule = (record: JsonObject, now: Date) => Finding[];

/** Rules by the name that form.json calls them. A name that is not here is checked by the register alone. */
const RULES: Record<string, Rule> = {
  'personal-number': (record) => people(record).flatMap(({ person, pointer }) => (person['national_id_confirmed'] === true ? [] : contradictions(person, pointer))),
  'personal-number-once': once,
  'identity-and-reason': (record) => {
    const head = objectAt(record, 'head');
    const both = textAt(head, 'national_id') !== '' && textAt(head, 'no_id_reason') !== '';
    return both ? [{ pointer: '/head/no_id_reason', code: 'national-id.and-reason', params: {} }] : [];
  },
  'land-uses': (record) => listAt(record, 'parcels').flatMap((parcel, index) => usesNotOnce(parcel, `/parcels/${index}`)),
  'not-in-the-future': notInTheFuture,
};

interface Confirmable {
  contradicted: (owner: JsonObject) => boolean;
  /** What was compared with a paper: the confirmation is for this alone. */
  compared: (owner: JsonObject) => string;
}

/** Rules about one object that a confirmation inside it can set aside, by the same names. */
const CONFIRMED: Record<string, Confirmable> = {
  'personal-number': {
    contradicted: (person) => contradictions(person, '').length > 0,
    compared: (person) => [textAt(person, 'national_id'), textAt(person, 'sex'), textAt(person, 'birth_date').slice(0, 4)].join(' '),
  },
};

/** Whether a check finds something in the object that somebody may confirm. */
export function isContradicted(check: string, owner: JsonObject): boolean {
  return CONFIRMED[check]?.contradicted(owner) ?? false;
}

/** Whether what was confirmed for a check is another thing in `after` than in `before`. */
export function isAnotherComparison(check: string, before: JsonObject, after: JsonObject): boolean {
  const compared = CONFIRMED[check]?.compared;
  return compared !== undefined && compared(before) !== compared(after);
}

export function ruleFindings(checks: readonly string[], record: JsonObject, now: Date): Finding[] {
  return checks.flatMap((name) => RULES[name]?.(record, now) ?? []);
}

const DAY_MILLISECONDS = 86_400_000;
const VIETNAM_MILLISECONDS = 7 * 3_600_000;

/** The day in Vietnam. */
function dayOf(milliseconds: number): string {
  return new Date(milliseconds + VIETNAM_MILLISECONDS).toISOString().slice(0, 10);
}

/** Dates that a person gives. Those that the form fills in itself (`captured_at`, `commune_as_of`) nobody could mend here. */
function notInTheFuture(record: JsonObject, now: Date): Finding[] {
  const today = dayOf(now.getTime());
  const tomorrow = dayOf(now.getTime() + DAY_MILLISECONDS);
  // A year or a month alone sorts before all of its days, so that it counts by its first one.
  const unborn = people(record).filter(({ person }) => textAt(person, 'birth_date') > today);
  const findings = unborn.map(({ pointer }): Finding => ({ pointer: `${pointer}/birth_date`, code: 'birth-date.future', params: {} }));
  if (textAt(record, 'poverty_date') > tomorrow) findings.push({ pointer: '/poverty_date', code: 'time.future', params: {} });
  listAt(record, 'consents').forEach((consent, index) => {
    for (const name of ['granted_at', 'withdrawn_at']) {
      const at = Date.parse(textAt(consent, name));
      if (dayOf(Number.isNaN(at) ? 0 : at) > tomorrow) findings.push({ pointer: `/consents/${index}/${name}`, code: 'time.future', params: {} });
    }
  });
  return findings;
}

function people(record: JsonObject): { person: JsonObject; pointer: string }[] {
  const members = listAt(record, 'members').map((person, index) => ({ person, pointer: `/members/${index}` }));
  return [{ person: objectAt(record, 'head'), pointer: '/head' }, ...members];
}

/** Digit 4 says century and sex, digits 5 and 6 the year of birth (Circular 07/2016/TT-BCA). */
function contradictions(person: JsonObject, pointer: string): Finding[] {
  const number = textAt(person, 'national_id');
  if (!/^\d{12}$/.test(number)) return [];
  const digit = Number(number[3]);
  const year = 1900 + 100 * Math.floor(digit / 2) + Number(number.slice(4, 6));
  const place = `${pointer}/national_id`;
  const findings: Finding[] = [];
  const sex = textAt(person, 'sex');
  if ((sex === 'male' && digit % 2 === 1) || (sex === 'female' && digit % 2 === 0)) {
    findings.push({ pointer: place, code: 'national-id.sex', params: { digit: String(digit) } });
  }
  const born = textAt(person, 'birth_date').slice(0, 4);
  if (/^\d{4}$/.test(born) && Number(born) !== year) {
    findings.push({ pointer: place, code: 'national-id.birth-year', params: { digits: number.slice(3, 6), year: String(year) } });
  }
  return findings;
}

/** A use that a parcel lists a second time, and a single one that is not among those it lists. */
function usesNotOnce(parcel: JsonObject, pointer: string): Finding[] {
  const codes = listAt(parcel, 'land_uses').map((use) => textAt(use, 'land_use'));
  const twice = codes.flatMap((code, index): Finding[] => {
    const first = codes.indexOf(code);
    return code === '' || first === index ? [] : [{ pointer: `${pointer}/land_uses/${index}/land_use`, code: 'land-use.twice', params: { value: code, first: String(first + 1) } }];
  });
  const single = textAt(parcel, 'land_use');
  const strange = single !== '' && codes.some(Boolean) && !codes.includes(single);
  return strange ? [...twice, { pointer: `${pointer}/land_use`, code: 'land-use.not-listed', params: { value: single, listed: [...new Set(codes.filter(Boolean))].join(', ') } }] : twice;
}

function once(record: JsonObject): Finding[] {
  const first = new Map<string, string>();
  return people(record).flatMap(({ person, pointer }) => {
    const number = textAt(person, 'national_id');
    if (number === '') return [];
    const before = first.get(number);
    if (before === undefined) {
      first.set(number, textAt(person, 'full_name'));
      return [];
    }
    return [{ pointer: `${pointer}/national_id`, code: 'national-id.twice', params: { first: before } }];
  });
}
