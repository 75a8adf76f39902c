// A short list and the items beside it that state an only element: land uses of a parcel.
import { describe, expect, it } from 'vitest';
import { findErrors, findMissing } from '../src/definition/check';
import type { ListItem } from '../src/definition/definition';
import { readDefinition } from '../src/definition/read';
import { targetOf, screensOf } from '../src/definition/screens';
import { declaredArea, isReplaced, sumOf, withOneLess, withOneMore, type Changes } from '../src/definition/short-list';
import { merge } from '../src/sync/merging';
import { cardTitle } from '../src/parts/fields';
import type { JsonObject } from '../src/record/household';

const item = (name: string, kind: string, more: object = {}): object => ({ name, kind, label: { vi: name, en: '' }, list: 'land_use', ...more });
const scheme = item('land_use_scheme', 'choice', { list: 'schemes' });
const use = (more: object = {}): object => item('land_use', 'choice', more);
const area = (name: string, more: object = {}): object => item(name, 'number', { above: 0, most: 1e8, unit: 'm²', ...more });
const definition = readDefinition({
  steps: [
    {
      name: 'land',
      items: [
        item('parcels', 'list', {
          identifier: 'id',
          items: [
            use({ required_for: 'standardized', required_unless: 'land_uses', asked_when: { name: 'land_uses', values: [null] } }),
            scheme,
            item('land_uses', 'list', {
              identifier: null,
              most: 10,
              shorthand: { land_use: 'land_use', land_use_scheme: 'land_use_scheme', area_m2: 'declared_area_m2' },
              sum_tolerance: { share: 0.01, least: 1 },
              items: [use({ required_for: 'registered' }), scheme, area('area_m2', { required_for: 'standardized' })],
            }),
            area('declared_area_m2', { required_for: 'standardized', required_unless: 'land_uses' }),
          ],
        }),
      ],
    },
  ],
  lists: { land_use: ['LUC', 'ONT', 'CLN', 'HNK'].map((code) => ({ code, label: { vi: code, en: '' } })), schemes: [{ code: '2018', label: { vi: 'cũ', en: '' } }] },
  rules: [{ check: 'land-uses' }],
  messages: {},
})!;
const parcels = definition.steps[0]!.items[0] as ListItem;
const list = parcels.items.find(({ name }) => name === 'land_uses') as ListItem;
const house = { land_use: 'ONT', area_m2: 200 };
const garden = { land_use: 'CLN', area_m2: 812.5 };
const after = (parcel: JsonObject, changes: Changes): JsonObject =>
  Object.fromEntries(Object.entries({ ...parcel, ...changes }).filter((entry): entry is [string, JsonObject[string]] => entry[1] !== undefined));

describe('a short list', () => {
  it('begins with the one use that the parcel had, whose area is not that of the parcel any more', () => {
    const parcel = { land_use: 'BHK', land_use_scheme: '2018', declared_area_m2: 1012.5 };
    expect(after(parcel, withOneMore(list, parcel))).toEqual({ declared_area_m2: 1012.5, land_uses: [{ land_use: 'BHK', land_use_scheme: '2018' }, {}] });
    expect(after({}, withOneMore(list, {}))).toEqual({ land_uses: [{}, {}] });
    const three = after({ land_use: 'CLN', land_uses: [house, garden] }, withOneMore(list, { land_uses: [house, garden] }));
    expect(three).toEqual({ land_uses: [house, garden, {}] });
  });

  it('ends in the one use that is left, whose area is that of the parcel where none was declared', () => {
    const parcel = { land_uses: [house, garden] };
    expect(after(parcel, withOneLess(list, parcel, 0))).toEqual({ land_use: 'CLN', declared_area_m2: 812.5 });
    const declared = { ...parcel, declared_area_m2: 1012.5 };
    expect(after(declared, withOneLess(list, declared, 1))).toEqual({ land_use: 'ONT', declared_area_m2: 1012.5 });
    const three = { land_uses: [house, garden, {}], land_use: 'CLN' };
    expect(after(three, withOneLess(list, three, 2))).toEqual({ land_uses: [house, garden] });
  });

  it('adds up, and offers the rest to the only use without an area', () => {
    const rest = sumOf(list, { land_uses: [house, { land_use: 'CLN' }], declared_area_m2: 1012.5 });
    expect(rest).toMatchObject({ sum: 200, whole: 1012.5, rest: 812.5, differs: false });
    const whole = (declared_area_m2: number): unknown => sumOf(list, { land_uses: [house, garden], declared_area_m2 });
    expect([1012.5, 1022.6, 1023, 1002].map(whole)).toMatchObject([false, false, true, true].map((differs) => ({ differs, rest: null })));
    // Of a small parcel each area is rounded to whole square metres.
    expect([51, 51.5].map((declared_area_m2) => sumOf(list, { land_uses: [{ area_m2: 20 }, { area_m2: 30 }], declared_area_m2 })?.differs)).toEqual([false, true]);
    expect(sumOf(list, { land_uses: [house, {}, {}], declared_area_m2: 1012.5 })).toMatchObject({ rest: null, differs: false });
    expect(sumOf(list, { land_uses: [house, { area_m2: '2.300' }], declared_area_m2: 1012.5 })).toMatchObject({ rest: null, differs: false });
    expect([{ land_uses: [house, garden] }, { land_uses: [house, {}] }, { declared_area_m2: 5 }, {}].map(declaredArea)).toEqual([1012.5, null, 5, null]);
  });

  it('stands in place of the items beside it, and is found on the screen of its parcel', () => {
    const parcel = { id: 'p', land_use: 'CLN', land_uses: [house, garden] };
    expect(['land_use', 'land_use_scheme', 'declared_area_m2'].map((name) => isReplaced(parcels.items, name, parcel))).toEqual([true, true, false]);
    expect(isReplaced(parcels.items, 'land_use', { land_use: 'CLN' })).toBe(false);
    const missing = findMissing(definition, { parcels: [{ land_uses: [house, { land_use: 'CLN' }] }] });
    expect(missing).toEqual([{ pointer: '/parcels/0/land_uses/1/area_m2', stage: 'standardized' }]);
    expect(targetOf(definition, screensOf(definition), { parcels: [parcel] }, missing[0]!.pointer)).toMatchObject({ kind: 'card', pointer: '/parcels/0', focus: missing[0]!.pointer });
    expect(cardTitle(definition, { now: [], former: [] }, parcels.items, parcel).title).toBe('ONT + CLN');
  });

  it('has each use once, and a single one beside it is among them', () => {
    const wrong = (parcel: JsonObject): unknown => findErrors(definition, { parcels: [parcel] }, new Date(0)).map(({ pointer, code }) => [pointer, code]);
    expect(wrong({ land_uses: [house, garden, { land_use: 'ONT' }] })).toEqual([['/parcels/0/land_uses/2/land_use', 'land-use.twice']]);
    expect(wrong({ land_use: 'LUC', land_uses: [house, garden, {}] })).toEqual([['/parcels/0/land_use', 'land-use.not-listed']]);
    expect(wrong({ land_use: 'CLN', land_uses: [house, garden] })).toEqual([]);
  });
});

describe('two versions of the uses', () => {
  const base = { parcels: [{ id: 'p', land_use: 'LUC', declared_area_m2: 1012.5 }] };
  const split = { parcels: [{ id: 'p', land_uses: [house, garden], declared_area_m2: 1012.5 }] };
  const merged = (mine: JsonObject, theirs: JsonObject, from: JsonObject | null = base, chosen: Record<string, 'mine' | 'theirs'> = {}): { parcel: unknown; asked: string[] } => {
    const { content, asked } = merge(definition, { base: from, mine, theirs }, chosen);
    return { parcel: (content['parcels'] as JsonObject[])[0], asked: asked.map(({ pointer }) => pointer) };
  };

  it('are one item: a list and the single use never come from two sides', () => {
    expect(merged(split, { parcels: [{ id: 'p', land_use: 'LUC', declared_area_m2: 1010 }] })).toEqual({ parcel: { id: 'p', land_uses: [house, garden], declared_area_m2: 1010 }, asked: [] });
    const theirs = { parcels: [{ id: 'p', land_use: 'HNK', declared_area_m2: 1012.5 }] };
    expect(merged(split, theirs)).toEqual({ parcel: split.parcels[0], asked: ['/parcels/p/land_uses'] });
    expect(merged(split, theirs, base, { '/parcels/p/land_uses': 'theirs' }).parcel).toEqual(theirs.parcels[0]);
  });

  it('are no conflict where only the register stated the main use', () => {
    const stored = { parcels: [{ ...split.parcels[0]!, land_use: 'CLN' }] };
    expect(merged(split, stored, split).asked).toEqual([]);
    const other = { parcels: [{ id: 'p', land_uses: [house, { land_use: 'HNK', area_m2: 812.5 }], declared_area_m2: 1012.5 }] };
    expect(merged(other, stored, stored)).toEqual({ parcel: other.parcels[0], asked: [] });
  });

  it('are merged by themselves where neither has several', () => {
    expect(merged({ parcels: [{ id: 'p', land_use: 'CLN' }] }, { parcels: [{ id: 'p', land_use: 'HNK' }] }).asked).toEqual(['/parcels/p/land_use']);
  });
});
