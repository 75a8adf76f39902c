// What the form makes of a definition: screens, targets, errors, what is missing, differences of two versions.
import { readProvince } from '../src/definition/province';
import { describe, expect, it } from 'vitest';
import { findErrors, findMissing, isAsked, reachedStage } from '../src/definition/check';
import { copiedAnswers } from '../src/definition/definition';
import { isAnotherComparison, ruleFindings } from '../src/definition/rules';
import type { JsonObject } from '../src/record/household';
import names from './names.json';
import rules from './rules.json';
import { readDefinition } from '../src/definition/read';
import { targetOf, screensOf } from '../src/definition/screens';
import { merge } from '../src/sync/merging';
import { readingsOf } from '../src/definition/numbers';
import { joinDate, splitDate } from '../src/parts/fields';

const NOW = new Date('2026-11-28T08:00:00Z');

const words = (vi: string): object => ({ vi, en: '' });
const item = (name: string, kind: string, more: object = {}): object => ({
  name, kind, label: words(name), hint: words(''), unit: '', required_for: null, required_unless: null, sensitivity: 'plain', asked_when: null, confirms: null, ...more,
});
const text = (name: string, more: object = {}): object => item(name, 'text', { longest: 20, lines: false, pattern: null, code: null, example: '', keyboard: 'text', ...more });

const definition = readDefinition({
  schema_version: '1.1',
  register_given: ['revision'],
  steps: [
    { name: 'household', label: words('Hộ'), items: [text('village', { required_for: 'standardized' }), item('sound', 'hologram')] },
    {
      name: 'people',
      label: words('Nhân khẩu'),
      items: [
        item('head', 'section', {
          required_for: 'registered',
          items: [
            text('full_name', { required_for: 'registered' }),
            item('sex', 'choice', { list: 'sexes', scheme: null }),
            item('birth_date', 'partial-date'),
            text('national_id', { required_for: 'registered', required_unless: 'no_id_reason', pattern: '[0-9]{12}', code: 'national-id.format' }),
            item('no_id_reason', 'choice', { list: 'reasons', scheme: null, asked_when: { name: 'national_id', values: [null] } }),
            item('national_id_confirmed', 'flag', { confirms: { check: 'personal-number', item: 'national_id' } }),
          ],
        }),
        item('members', 'list', { most: 50, identifier: 'id', items: [text('full_name', { required_for: 'registered' })] }),
      ],
    },
    {
      name: 'production',
      label: words('Sản xuất'),
      items: ['livestock', 'salt', 'forestry', 'machinery'].map((name) => item(name, 'list', { most: 5, identifier: null, items: [item('heads', 'number', { whole: true, least: 0, above: null, most: 100 })] })),
    },
  ],
  one_of: [{ stage: 'standardized', names: ['livestock', 'salt'] }],
  filled_in: ['id', 'captured_at'],
  lists: { sexes: [{ code: 'male', label: words('Nam'), valid_from: null, valid_to: null }], reasons: [] },
  rules: [{ codes: [], severity: 'error', check: 'personal-number', summary: '' }],
  messages: {},
})!;
const screens = screensOf(definition);

describe('the name of a person', () => {
  const named = readDefinition({ steps: [{ name: 'people', label: words(''), items: [text('full_name', { longest: 120, refused: { pattern: names.pattern, code: 'name.character' } })] }] })!;
  it.each(names.cases)('is refused with the character and its place, as by the register: $name', ({ name, character, position }) => {
    const found = findErrors(named, { full_name: name }, NOW);
    expect(found).toEqual(character === null ? [] : [{ pointer: '/full_name', code: 'name.character', params: { character, position } }]);
  });
});

describe('the province in the settings', () => {
  const GIVEN = { code: '42', name: { vi: 'Hà Tĩnh', en: 'Ha Tinh' }, agency: 'H27', centre: [105.9, 18.3], zones: [{ code: 'EPSG:9209', name: 'TM-3', central_meridian: 105.5, scale: 0.9999 }] };

  it('is read with its zones', () => {
    expect(readProvince(GIVEN)).toMatchObject({ code: '42', name: { vi: 'Hà Tĩnh' }, centre: [105.9, 18.3], zones: [{ meridian: 105.5, scale: 0.9999 }] });
  });

  it.each([null, {}, { ...GIVEN, centre: ['105', 18] }, { ...GIVEN, centre: [105.9] }, { ...GIVEN, zones: [] }, { ...GIVEN, name: null }])('is none where it cannot be read: %j', (given) => {
    expect(readProvince(given)).toBeNull();
  });
});

describe('a number that contradicts sex or year of birth', () => {
  const head = { full_name: 'An', sex: 'male', birth_date: '1978', national_id: '040178001234' };
  const section = definition.steps[1]!.items[0]!;
  const box = section.kind === 'section' ? section.items.find(({ name }) => name === 'national_id_confirmed')! : section;

  it('is wrong until somebody confirms it, and only then is it asked for', () => {
    expect(findErrors(definition, { head }, NOW).map(({ code, pointer }) => [code, pointer])).toEqual([['national-id.sex', '/head/national_id']]);
    expect(findErrors(definition, { head: { ...head, national_id_confirmed: true } }, NOW)).toEqual([]);
    expect([isAsked(box, head), isAsked(box, { ...head, national_id: '040078001234' }), isAsked(box, {})]).toEqual([true, false, false]);
  });

  it.each([
    [{ national_id: '040178001235' }, true],
    [{ sex: 'female' }, true],
    [{ birth_date: '1979' }, true],
    [{ birth_date: '1978-05-02' }, false],
    [{ full_name: 'Bình' }, false],
  ])('is to be confirmed again when what was compared is another: %j', (change, another) => {
    expect(isAnotherComparison('personal-number', head, { ...head, ...change })).toBe(another);
  });
});

describe('screens', () => {
  it('are one for each section, one for the rest of a step, and one list to open where groups are many', () => {
    expect(screens.map(({ title, hub }) => [title.vi, hub])).toEqual([['Hộ', false], ['head', false], ['members', false], ['Sản xuất', true]]);
  });

  it('leave out an item of a kind that the form does not know', () => {
    expect(screens[0]!.items.map(({ name }) => name)).toEqual(['village']);
  });

  it('are found by the pointer of what stands on them', () => {
    const record = { members: [{ full_name: 'An' }] };
    expect(targetOf(definition, screens, record, '/head/full_name')).toEqual({ kind: 'screen', index: 1, focus: '/head/full_name' });
    expect(targetOf(definition, screens, record, '/members/0/full_name')).toMatchObject({ kind: 'card', pointer: '/members/0', focus: '/members/0/full_name' });
    expect(targetOf(definition, screens, record, '/livestock')).toMatchObject({ kind: 'group', pointer: '/livestock' });
    expect(targetOf(definition, screens, record, '/nowhere')).toBeNull();
  });
});

describe('what may be copied', () => {
  it('is what the schema says may be, and nothing of an item that says nothing', () => {
    const definition = readDefinition({ steps: [{ name: 'household', items: [text('village', { copied: true }), text('bank_account'), text('note', { copied: 'true' })] }] })!;
    expect(copiedAnswers(definition, { village: 'K3', bank_account: '0123', note: 'x', captured_at: 'y' })).toEqual({ village: 'K3' });
  });
});

describe('what the register sets', () => {
  it('is named for the record, its sections and its lists', () => {
    const parcels = item('parcels', 'list', { items: [item('shape', 'section', { items: [], register_given: ['area'] })], register_given: ['original_crs'] });
    const definition = readDefinition({ register_given: ['commune_since'], steps: [{ name: 'land', items: [parcels, item('salt', 'list', { items: [] })] }] })!;
    expect(definition.registerGiven).toEqual({ names: ['commune_since'], inside: { parcels: { names: ['original_crs'], inside: { shape: { names: ['area'], inside: {} } } } } });
  });
});

describe('what is missing', () => {
  const stages = (record: Parameters<typeof findMissing>[1]): string[] => findMissing(definition, record).map(({ pointer, stage }) => `${stage} ${pointer}`);

  it('names every mandatory item with its stage, and one of the lists of which one must be filled', () => {
    expect(stages({})).toEqual(['standardized /village', 'registered /head/full_name', 'registered /head/national_id', 'standardized /livestock']);
  });

  it('takes an item that may stand in the place of another', () => {
    expect(stages({ head: { full_name: 'An', no_id_reason: 'lost' } })).not.toContain('registered /head/national_id');
  });

  it('says how far the record comes', () => {
    expect(reachedStage(findMissing(definition, {}))).toBeNull();
    const registered = { head: { full_name: 'An', national_id: '040078001234' } };
    expect(reachedStage(findMissing(definition, registered))).toBe('registered');
    expect(reachedStage(findMissing(definition, { ...registered, village: 'K3', salt: [{ heads: 1 }] }))).toBe('digitized');
  });

  it('asks for an item only with the answers that call for it', () => {
    const reason = definition.steps[1]!.items[0]!;
    const asked = reason.kind === 'section' ? reason.items[4]! : reason;
    expect(isAsked(asked, {})).toBe(true);
    expect(isAsked(asked, { national_id: '040078001234' })).toBe(false);
  });
});

describe('errors', () => {
  const codes = (record: Parameters<typeof findErrors>[1]): string[] => findErrors(definition, record, NOW).map(({ pointer, code }) => `${pointer} ${code}`);

  it('stand at the item, with the code of the register', () => {
    expect(codes({ head: { national_id: '123' } })).toEqual(['/head/national_id national-id.format']);
    expect(codes({ head: { birth_date: '1980-02-30' } })).toEqual(['/head/birth_date date.typed']);
    expect(codes({ livestock: [{ heads: 101 }] })).toEqual(['/livestock/0/heads number.too-large']);
    expect(codes({ livestock: [{ heads: 'hai' }] })).toEqual(['/livestock/0/heads number.typed']);
  });

  it('see a personal number that contradicts sex and year of birth', () => {
    const head = { national_id: '040178001234', sex: 'male', birth_date: '1979' };
    expect(codes({ head })).toEqual(['/head/national_id national-id.sex', '/head/national_id national-id.birth-year']);
  });
});

describe('two versions', () => {
  const theirs = { id: 'h', revision: 3, village: 'K7', head: { full_name: 'An', phone: '+84912345678' }, captured_at: 'x' };

  it('differ item by item, not by what the register gives or no form asks for', () => {
    const mine = { id: 'h', village: 'K2', head: { full_name: 'An', phone: '0912345678' }, captured_at: 'y' };
    expect(merge(definition, { base: null, mine, theirs }).asked.map(({ pointer, proposed }) => [pointer, proposed])).toEqual([['/village', 'mine']]);
  });

  it('propose theirs where mine says nothing', () => {
    expect(merge(definition, { base: null, mine: { id: 'h', head: theirs.head }, theirs }).asked[0]).toMatchObject({ pointer: '/village', proposed: 'theirs' });
  });

  it('become the register\u2019s version with mine where mine was chosen', () => {
    expect(merge(definition, { base: null, mine: { village: 'K2' }, theirs }, { '/village': 'mine' }).content).toMatchObject({ village: 'K2', head: theirs.head });
  });
});

describe('typing', () => {
  it.each([['1250', 1250], ['1.250', 1250], ['12,5', 12.5], ['12.5', 12.5], ['1.250,75', 1250.75], ['1 250', 1250], ['hai', null], ['1,2,3', null]])('reads %s', (typed, value) => {
    expect(readingsOf(typed)[0] ?? null).toBe(value);
  });

  it('takes a date to the day, month or year, and keeps a wrong one as typed', () => {
    expect(joinDate({ year: '1978', month: '3', day: '7' })).toBe('1978-03-07');
    expect(joinDate({ year: '1978', month: '', day: '' })).toBe('1978');
    expect(joinDate(splitDate('1978-03'))).toBe('1978-03');
    expect(joinDate({ year: '1978', month: '', day: '7' })).toBe('1978--07');
    expect(joinDate({ year: '', month: '', day: '' })).toBeUndefined();
  });
});

describe('rules between items', () => {
  const CHECKS = ['personal-number', 'personal-number-once', 'identity-and-reason', 'land-uses', 'not-in-the-future'];
  const base: JsonObject = rules.record;
  const merged = (changes: JsonObject): JsonObject => ({ ...base, ...changes, head: { ...(base['head'] as JsonObject), ...((changes['head'] ?? {}) as JsonObject) } });

  it.each(rules.cases as unknown as { why: string; changes: JsonObject; found: unknown[][]; by_the_register_alone?: boolean }[])('find what the register finds: $why', ({ changes, found, by_the_register_alone: alone }) => {
    const findings = ruleFindings(CHECKS, merged(changes), new Date(`${rules.today}T05:00:00Z`));
    expect(findings.map(({ pointer, code, params }) => [pointer, code, params]).sort()).toEqual(alone ? [] : [...found].sort());
  });
});
