// Entries: which may be edited, which may be sent, and in which order; ids; pointers; comparing what two records say.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { join, valueAt, withValue } from '../src/definition/pointer';
import { isEditable, sendable, stillReturned, type Entry, type EntryState } from '../src/storage/entries';
import { contentOf, isMasked, sameJson, type Household } from '../src/record/household';
import { fetchPage } from '../src/sync/households';
import { mintIdentifier } from '../src/storage/identifier';
import { ATTEMPTS, retried, STALE, StillChanging } from '../src/storage/retry';

let sequence = 0;
function entry(household: string, state: EntryState, basis: Entry['basis'] = { kind: 'new' }): Entry {
  sequence += 1;
  return { id: `e${sequence}`, household, sequence, version: 1, basis, base: null, state, content: {}, changedAt: '', step: 0 };
}
const queued: EntryState = { kind: 'queued', attempts: 0, lastFailure: null };

describe('sending order', () => {
  it('takes queued entries in the order they were made', () => {
    const first = entry('a', queued);
    const second = entry('b', queued);
    expect(sendable([second, first])).toEqual([first, second]);
  });

  it('holds a second revision back until the first has arrived', () => {
    const first = entry('a', queued);
    const second = entry('a', queued, { kind: 'entry', entry: first.id });
    expect(sendable([first, second])).toEqual([first]);
  });

  it('sends the second once the first is sent and its basis is a revision', () => {
    const first = entry('a', { kind: 'sent', at: '', revision: 1 });
    const second = entry('a', queued, { kind: 'revision', revision: 1 });
    expect(sendable([first, second])).toEqual([second]);
  });

  it('never sends what waits for a person', () => {
    const draft = entry('a', { kind: 'draft' });
    const rejected = entry('b', { kind: 'rejected', problem: { status: 422, code: 'x', title: '', detail: '', errors: [] } });
    expect(sendable([draft, rejected])).toEqual([]);
  });
});

describe('what was returned', () => {
  const returned = [{ id: 'a', revision: 3 }, { id: 'b', revision: 1 }, { id: 'b', revision: 2 }];

  it('is listed once, as the register listed it last', () => {
    expect(stillReturned(returned, [entry('b', { kind: 'draft' })])).toEqual([{ id: 'a', revision: 3 }, { id: 'b', revision: 2 }]);
  });

  it('is no longer once its correction is on the way or has arrived', () => {
    expect(stillReturned(returned, [entry('a', queued), entry('b', { kind: 'sending', attempts: 1 })])).toEqual([]);
    const sent = (revision: number): Entry => entry('a', { kind: 'sent', at: '', revision });
    expect(stillReturned(returned, [sent(4)]).map(({ id }) => id)).toEqual(['b']);
    expect(stillReturned(returned, [sent(3)]).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('editing', () => {
  it('is open until the first attempt, and again after a refusal', () => {
    expect(isEditable(entry('a', queued))).toBe(true);
    expect(isEditable(entry('a', { kind: 'queued', attempts: 1, lastFailure: 'lost' }))).toBe(false);
    expect(isEditable(entry('a', { kind: 'sending', attempts: 1 }))).toBe(false);
  });
});

describe('identifiers', () => {
  it('are UUID version 7 and sort by time', () => {
    const early = mintIdentifier(1_700_000_000_000);
    const late = mintIdentifier(1_700_000_000_001);
    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(early < late).toBe(true);
  });

  it('differ even in the same millisecond', () => {
    expect(new Set(Array.from({ length: 1000 }, () => mintIdentifier(1))).size).toBe(1000);
  });
});

describe('JSON pointers', () => {
  it('read and write nested places without touching the record', () => {
    const record = { members: [{ sex: 'male' }] };
    const changed = withValue(record, '/members/0/sex', 'female');
    expect(valueAt(changed, '/members/0/sex')).toBe('female');
    expect(record.members[0]!.sex).toBe('male');
  });

  it('make what is missing on the way and take away what is undefined', () => {
    const made = withValue({}, '/head/full_name', 'An');
    expect(made).toEqual({ head: { full_name: 'An' } });
    expect(withValue(made, '/head/full_name', undefined)).toEqual({ head: {} });
  });

  it('add to and remove from lists', () => {
    const two = withValue(withValue({ members: [] }, '/members/-', { a: 1 }), '/members/-', { a: 2 });
    expect(withValue(two, '/members/0', undefined)).toEqual({ members: [{ a: 2 }] });
    expect(withValue({}, '/members/0', { a: 1 })).toEqual({ members: [{ a: 1 }] });
  });

  it('escape names', () => {
    expect(valueAt({ 'a/b~c': 1 }, join('', 'a/b~c'))).toBe(1);
  });
});

describe('comparing records', () => {
  it('looks past what the register gives', () => {
    const given = { names: ['revision', 'commune_since'], inside: { parcels: { names: ['original_crs'], inside: {} } } };
    const content = contentOf({ commune: '16681', revision: 3, commune_since: '2025-07-01', parcels: [{ map_sheet: '1', original_crs: 'EPSG:9208' }] }, given);
    expect(content).toEqual({ commune: '16681', parcels: [{ map_sheet: '1' }] });
  });

  it('does not mind the order of names', () => {
    expect(sameJson({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(sameJson({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  });
});

describe('a masked household', () => {
  afterEach(() => void vi.unstubAllGlobals());

  const fetched = async (sight: string | null, body: Household): Promise<Household> => {
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ items: [body] }, sight === null ? {} : { headers: { Sight: sight } })));
    return (await fetchPage({}, null, 1)).households[0]!;
  };

  it.each(['masked', 'nobody', null])('is one of a response that says %s, whatever the record looks like', async (sight) => {
    expect(isMasked(await fetched(sight, { head: { full_name: 'An' } }))).toBe(true);
  });

  it('is none that came whole, though a name is written with initials', async () => {
    expect(isMasked(await fetched('personal', { head: { full_name: 'N. V. An', phone: '•' } }))).toBe(false);
  });

  it('keeps its mark in a stored copy, and out of what is entered', async () => {
    const copy = structuredClone(await fetched('masked', { commune: '16681' }));
    expect(isMasked(copy)).toBe(true);
    expect(contentOf(copy, { names: [], inside: {} })).toEqual({ commune: '16681' });
  });
});

describe('writing what another tab changes too', () => {
  const pauses: number[] = [];
  const pause = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
  const staleBefore = (success: number, made: { attempts: number }) => async (): Promise<string | typeof STALE> => {
    made.attempts += 1;
    return made.attempts < success ? STALE : 'written';
  };

  it('reads and writes again until nobody was faster, with pauses that grow to a bound', async () => {
    const made = { attempts: 0 };
    expect(await retried(staleBefore(10, made), pause)).toBe('written');
    expect(made.attempts).toBe(10);
    [5, 10, 20, 40, 80, 160, 200, 200, 200].forEach((most, index) => {
      expect(pauses[index]).toBeGreaterThanOrEqual(most / 2);
      expect(pauses[index]).toBeLessThanOrEqual(most);
    });
    expect(pauses.length).toBe(9);
  });

  it('ends at a bound, and at once with any other error', async () => {
    const made = { attempts: 0 };
    await expect(retried(staleBefore(ATTEMPTS + 1, made), pause)).rejects.toThrow(StillChanging);
    expect(made.attempts).toBe(ATTEMPTS);
    await expect(retried(() => Promise.reject(new RangeError('other')), pause)).rejects.toThrow(RangeError);
  });
});
