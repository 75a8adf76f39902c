// Two versions of a household and what both were made from: merged item by item, a person asked only where both changed the same one.
import { describe, expect, it } from 'vitest';
import { readDefinition } from '../src/definition/read';
import { merge, type Side } from '../src/sync/merging';
import type { Household } from '../src/record/household';

const item = (name: string, kind: string, more: object = {}): object => ({ name, kind, label: { vi: name, en: '' }, ...more });
const parcel = [item('declared_area_m2', 'number'), item('geometry', 'polygon', { taken_with: ['crs', 'boundary_method', 'boundary_accuracy_m'] }), item('boundary_method', 'choice', { list: 'm' }), item('boundary_accuracy_m', 'number')];
const definition = readDefinition({
  register_given: ['revision', 'findings'],
  filled_in: ['id', 'captured_at', 'location_accuracy_m', 'commune_as_of'],
  steps: [
    {
      name: 'all',
      items: [
        item('commune', 'unit', { era: 'now', taken_with: ['commune_as_of'] }), item('village', 'text'), item('address', 'text'), item('location', 'point', { taken_with: ['location_accuracy_m'] }), item('ecommerce', 'choices', { list: 'e' }),
        item('head', 'section', { items: [item('full_name', 'text'), item('phone', 'text')] }),
        item('parcels', 'list', { identifier: 'id', items: parcel, register_given: ['measured_area_m2'] }),
        item('livestock', 'list', { identifier: null, items: [item('kind', 'choice', { list: 'k' }), item('heads', 'number')] }),
      ],
    },
  ],
})!;

const base: Household = {
  id: 'h', revision: 1, village: 'K1', address: 'số 1', captured_at: 'x', ecommerce: ['a', 'b'], head: { full_name: 'An', phone: '+84912345678' },
  parcels: [{ id: 'p', declared_area_m2: 100, geometry: 'old', boundary_method: 'surveyed', boundary_accuracy_m: 0.3, measured_area_m2: 99 }, { id: 'q', declared_area_m2: 5 }],
  livestock: [{ kind: 'buffalo', heads: 2 }, { kind: 'pig', heads: 3 }],
};
const changed = (more: Household): Household => ({ ...base, revision: 2, ...more });
const merged = (mine: Household, theirs: Household, chosen: Record<string, Side> = {}): { content: Household; asked: string[] } => {
  const { content, asked } = merge(definition, { base, mine, theirs }, chosen);
  return { content, asked: asked.map(({ pointer }) => pointer) };
};
const { revision: _revision, ...content } = base;
const parcels = base['parcels'] as Household[];

describe('two versions', () => {
  it('are no conflict where only findings moved', () => {
    const moved = changed({ findings: [{ code: 'parcel.overlap' }], parcels: parcels.map((each) => ({ ...each, measured_area_m2: 98 })) });
    expect(merged({ ...base, village: 'K2' }, moved)).toMatchObject({ asked: [], content: { village: 'K2', address: 'số 1' } });
  });

  it('keep what each alone changed, in sections and elements too', () => {
    const mine = { ...base, village: 'K2', head: { full_name: 'An', phone: '0912345678' }, parcels: [{ ...parcels[0]!, declared_area_m2: 120 }, parcels[1]!] };
    const theirs = changed({ address: 'số 7', head: { full_name: 'Ân', phone: '+84912345678' }, parcels: [parcels[0]!, { ...parcels[1]!, declared_area_m2: 6 }] });
    expect(merged(mine, theirs)).toMatchObject({
      asked: [],
      content: { village: 'K2', address: 'số 7', head: { full_name: 'Ân' }, parcels: [{ id: 'p', declared_area_m2: 120 }, { id: 'q', declared_area_m2: 6 }] },
    });
  });

  it('have the day that a commune’s code is read by from the side of the commune, and nobody is asked about the day', () => {
    const from = { ...base, commune: '1', commune_as_of: '2026-01-01' };
    const day = (mine: Household, theirs: Household, side: Side = 'mine'): object => {
      const { content, asked } = merge(definition, { base: from, mine: { ...from, ...mine }, theirs: { ...from, revision: 2, ...theirs } }, { '/commune': side });
      return [content['commune'], content['commune_as_of'], asked.map(({ pointer }) => pointer)];
    };
    expect(day({ commune: '2', commune_as_of: '2026-02-02' }, {})).toEqual(['2', '2026-02-02', []]);
    expect(day({}, { commune: '2', commune_as_of: '2026-02-02' })).toEqual(['2', '2026-02-02', []]);
    const both = [{ commune: '2', commune_as_of: '2026-02-02' }, { commune: '3', commune_as_of: '2026-03-03' }] as const;
    expect(day(...both)).toEqual(['2', '2026-02-02', ['/commune']]);
    expect(day(...both, 'theirs')).toEqual(['3', '2026-03-03', ['/commune']]);
    expect(day({ commune_as_of: '2026-02-02' }, {})).toEqual(['1', '2026-02-02', []]);
    expect(day({ commune_as_of: '2026-02-02' }, { commune_as_of: '2026-03-03' })).toEqual(['1', '2026-03-03', []]);
  });

  it('are asked about only where both changed the same item, and say which', () => {
    const mine = { ...base, village: 'K2', address: 'số 2', parcels: [{ ...parcels[0]!, declared_area_m2: 120 }, parcels[1]!] };
    const theirs = changed({ village: 'K7', parcels: [{ ...parcels[0]!, declared_area_m2: 110 }, parcels[1]!] });
    expect(merged(mine, theirs).asked).toEqual(['/village', '/parcels/p/declared_area_m2']);
    expect(merged(mine, theirs, { '/village': 'theirs' }).content).toMatchObject({ village: 'K7', address: 'số 2', parcels: [{ declared_area_m2: 120 }, {}] });
  });

  it('agree where both made the same change, and lose what both emptied', () => {
    const { address: _gone, ...without } = base;
    expect(merged({ ...without, village: 'K2' }, { ...without, village: ' K2' })).toMatchObject({ asked: [], content: { village: ' K2' } });
    expect(merged(without, { ...without }).content).not.toHaveProperty('address');
  });

  it('take what says how a boundary was taken from where the boundary comes from', () => {
    const drawn = { ...parcels[0]!, geometry: 'new', boundary_method: 'walked', crs: 'EPSG:9208' };
    delete (drawn as Household)['boundary_accuracy_m'];
    const { asked, content: made } = merged({ ...base, parcels: [drawn, parcels[1]!] }, changed({ parcels: [{ ...parcels[0]!, boundary_accuracy_m: 0.2 }, parcels[1]!] }));
    expect(asked).toEqual([]);
    expect((made['parcels'] as Household[])[0]).toEqual({ id: 'p', declared_area_m2: 100, geometry: 'new', boundary_method: 'walked', crs: 'EPSG:9208' });
    const home = { location: 'there', location_accuracy_m: 4 };
    expect(merged({ ...base, ...home }, changed({ village: 'K7' })).content).toMatchObject({ ...home, village: 'K7' });
  });

  it('keep what either added and lose what either removed', () => {
    const mine = { ...base, parcels: [parcels[0]!, { id: 'r' }], livestock: [{ heads: 2, kind: 'buffalo' }, { kind: 'pig', heads: 4 }] };
    const theirs = changed({ parcels: [...parcels, { id: 's' }], livestock: [{ kind: 'pig', heads: 3 }, { kind: 'duck', heads: 9 }] });
    const { asked, content: made } = merged(mine, theirs);
    expect(asked).toEqual([]);
    expect((made['parcels'] as Household[]).map(({ id }) => id)).toEqual(['p', 's', 'r']);
    expect(made['livestock']).toEqual([{ kind: 'duck', heads: 9 }, { kind: 'pig', heads: 4 }]);
  });

  it('are asked about where one removed what the other changed', () => {
    const mine = { ...base, parcels: [parcels[0]!], livestock: [{ kind: 'pig', heads: 4 }] };
    const theirs = changed({ parcels: [parcels[0]!, { id: 'q', declared_area_m2: 6 }], livestock: [{ kind: 'buffalo', heads: 2 }, { kind: 'pig', heads: 5 }] });
    expect(merged(mine, theirs).asked).toEqual(['/parcels/q', '/livestock']);
    expect(merged(mine, theirs).content['parcels']).toHaveLength(2);
    expect(merged(mine, theirs, { '/parcels/q': 'mine' }).content['parcels']).toHaveLength(1);
  });

  it.each([
    ['both add one', [{ kind: 'hen', heads: 10 }], [{ kind: 'hen', heads: 12 }], ['/livestock']],
    ['one adds what the other changes', [{ kind: 'pig', heads: 9 }], [{ kind: 'pig', heads: 5 }], ['/livestock']],
    ['both add the same', [{ kind: 'hen', heads: 10 }], [{ kind: 'hen', heads: 10 }], []],
    ['they add different ones', [{ kind: 'hen', heads: 10 }], [{ kind: 'duck', heads: 12 }], []],
  ])('are not both taken where they would count one kind twice: %s', (_why, own, other, asked) => {
    const animals = base['livestock'] as Household[];
    expect(merged({ ...base, livestock: [...animals, ...own] }, changed({ livestock: [...animals, ...other] })).asked).toEqual(asked);
  });

  it('are each other where one side changed nothing', () => {
    const theirs = changed({ village: 'K7', parcels: [], livestock: [], ecommerce: ['c'] });
    expect(merged(base, theirs)).toMatchObject({ asked: [], content: { village: 'K7', ecommerce: ['c'] } });
    expect(merged(theirs, changed({})).asked).toEqual([]);
    expect(merge(definition, { base, mine: base, theirs: changed({}) }).content).toMatchObject({ village: content.village });
  });
});
