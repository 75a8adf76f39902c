// A commune's code goes with the day of the list that it was chosen from.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stillMeant, withDayOf, withListDay } from '../src/editing/commune';
import { fetchUnits, type Unit, type UnitLists } from '../src/sync/units';

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

  it('is copied as it was where an earlier form noted no day', () => {
    expect(stillMeant({ commune: '1' }, lists('2026-11-21', unit('1', '2026-11-21')))).toEqual({ commune: '1' });
    expect(withDayOf({ commune: '1' }, { commune: '1' })).toEqual({ commune: '1' });
    expect(withDayOf({ village: 'K1' }, { commune: '1', commune_as_of: '2026-11-20' })).toEqual({ village: 'K1' });
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
