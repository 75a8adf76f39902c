// A commune's code goes with the day of the list that it was chosen from.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Definition, UnitItem } from '../src/definition/definition';
import { isOfToday, meantUnit, stillMeant, withDayOf, withListDay } from '../src/editing/commune';
import { inWords } from '../src/parts/fields';
import { fetchUnits, withPast, type Unit, type UnitLists } from '../src/sync/units';

const unit = (code: string, validFrom: string): Unit => ({ code, name: code, kind: 'xã', validFrom, successors: [], longitude: Number.NaN, latitude: Number.NaN });
const lists = (on: string, ...now: Unit[]): UnitLists => ({ now, former: [], on });

describe('a commune that is chosen', () => {
  it('has the day of the list that the phone shows, whatever it had before', () => {
    expect(withListDay({ commune: '1', village: 'K1' }, lists('2026-11-20'))).toEqual({ commune: '1', village: 'K1', commune_as_of: '2026-11-20' });
    expect(withListDay({ commune: '1', commune_as_of: '2026-01-01' }, lists('2026-11-20'))).toEqual({ commune: '1', commune_as_of: '2026-11-20' });
  });

  it('has none where no commune is left, and none of a list of which no day is known', () => {
    expect(withListDay({ village: 'K1', commune_as_of: '2026-01-01' }, lists('2026-11-20'))).toEqual({ village: 'K1' });
    expect(withListDay({ commune: '1', commune_as_of: '2026-01-01' }, lists(''))).toEqual({ commune: '1' });
  });
});

describe('a commune that is copied from the household before', () => {
  const last = withDayOf({ commune: '1', village: 'K1' }, { commune: '1', commune_as_of: '2026-11-20', address: 'x' });

  it('takes its day along, and is copied while its code means the same commune', () => {
    expect(last).toEqual({ commune: '1', village: 'K1', commune_as_of: '2026-11-20' });
    for (const validFrom of ['', '2025-07-01', '2026-11-20']) expect(stillMeant(last, lists('2026-11-21', unit('1', validFrom)))).toEqual({ commune: '1', village: 'K1' });
  });

  it('is chosen again once the list gives the code to another commune, or has it no more', () => {
    for (const now of [unit('1', '2026-11-21'), unit('2', '')]) expect(stillMeant(last, lists('2026-11-21', now))).toEqual({ village: 'K1' });
  });

  it('is copied as it was where its household has no day', () => {
    expect(stillMeant({ commune: '1' }, lists('2026-11-21', unit('1', '2026-11-21')))).toEqual({ commune: '1' });
    expect(withDayOf({ commune: '1' }, { commune: '1' })).toEqual({ commune: '1' });
    expect(withDayOf({ village: 'K1' }, { commune: '1', commune_as_of: '2026-11-20' })).toEqual({ village: 'K1' });
  });
});

describe('a commune whose code was given again', () => {
  const [first, second, third] = [
    { ...unit('1', ''), name: 'First' },
    { ...unit('1', '2025-07-01'), name: 'Second' },
    { ...unit('1', '2026-11-01'), name: 'Third' },
  ] as const;
  const known = withPast(lists('2026-11-20', third, unit('2', '2026-11-01')), { now: [second, unit('2', '2025-07-01')], former: [first], on: '2026-10-01' });
  const all = { ...known, former: [first] };

  it('is named as the one that it was on the day of the draft', () => {
    const named = (day: string | undefined): string | undefined => meantUnit('1', day === undefined ? {} : { commune_as_of: day }, all)?.name;
    expect(['2025-06-30', '2025-07-01', '2026-10-31', '2026-11-01', undefined].map(named)).toEqual(['First', 'Second', 'Second', 'Third', 'Third']);
    const item = { kind: 'unit', era: 'now', name: 'commune' } as UnitItem;
    const shown = (day: string): string => inWords({} as Definition, all, item, '1', { commune: '1', commune_as_of: day });
    expect(['2026-10-31', '2026-11-20'].map(shown)).toEqual(['Second', 'Third']);
  });

  it('is not called by the name of today’s where the phone never had the one before', () => {
    expect(meantUnit('1', { commune_as_of: '2026-10-31' }, { now: [third], former: [first] })).toBeUndefined();
    expect(meantUnit('9', { commune_as_of: '2026-10-31' }, all)).toBeUndefined();
  });

  it('stays known over further lists, and is no past one once it is in force again', () => {
    const later = withPast(lists('2026-12-20', third), known);
    expect(later.past).toEqual([second, unit('2', '2025-07-01'), unit('2', '2026-11-01')]);
    expect(withPast(lists('2026-12-21', second), later).past).toEqual([unit('2', '2025-07-01'), unit('2', '2026-11-01'), third]);
  });
});

describe('the list of communes', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('has the register’s day, not the phone’s', async () => {
    const units = [{ code: '1', name: 'A', kind: 'xã', valid_from: '2025-07-01', successors: [] }];
    const fetched = (path: string): Response => Response.json({ valid_on: path.includes('valid_on') ? '2025-06-30' : '2026-11-20', items: units });
    vi.stubGlobal('fetch', (path: string) => Promise.resolve(fetched(path)));
    expect(await fetchUnits()).toMatchObject({ on: '2026-11-20', now: [{ code: '1', validFrom: '2025-07-01' }] });
  });
});

describe('a border, which the register gives by the code of today', () => {
  const units = lists('2026-11-21', unit('1', '2026-11-01'), unit('2', ''));

  it('is not that of a household whose code was given to another commune since', () => {
    expect(isOfToday({ commune: '1', commune_as_of: '2026-10-20' }, units)).toBe(false);
  });

  it('is that of a household whose commune has its code still, or whose code is another one now', () => {
    expect(isOfToday({ commune: '1', commune_as_of: '2026-11-20' }, units)).toBe(true);
    expect(isOfToday({ commune: '2' }, units)).toBe(true);
    expect(isOfToday({ commune: '3', commune_as_of: '2026-10-20' }, units)).toBe(true);
  });
});
