// What an accepted boundary or position answers: the items that the definition names beside a geometry, whatever they are called.
import { expect, it } from 'vitest';
import type { GeometryItem } from '../src/definition/definition';
import { readDefinition } from '../src/definition/read';
import { boundaryAnswers, positionAnswers } from '../src/map/accepted';
import type { Shape } from '../src/geometry/shape';
import type { Capture } from '../src/map/taking';

const words = { vi: 'x', en: 'x' };
const definition = readDefinition({
  steps: [{
    name: 'land',
    label: words,
    items: [{
      name: 'fields', label: words, kind: 'list', items: [
        { name: 'outline', label: words, kind: 'polygon', described_by: { system: 'grid', method: 'way', accuracy: 'error_m', outside: null } },
        { name: 'way', label: words, kind: 'choice', list: 'ways' },
      ],
    }],
  }],
  lists: { ways: [{ code: 'walked', label: words }, { code: 'sheet', label: words }] },
})!;
const list = definition.steps[0]!.items[0]!;
const item = (list.kind === 'list' ? list.items[0] : null) as GeometryItem;
const target = { item, pointer: '/fields/2/outline' };
const SHAPE: Shape = [[[[105, 18], [105.001, 18], [105.001, 18.001]]]];
const capture = (changes: Partial<Capture>): Capture => ({ method: 'walked', accuracy: 3.14, sheet: null, ...changes });
const described = (changes: Partial<Capture>): Record<string, unknown> => Object.fromEntries(boundaryAnswers(definition, target, SHAPE, capture(changes)).slice(1));

it('a boundary answers what the definition names beside it, and clears what the one before had', () => {
  const [[pointer, geometry]] = boundaryAnswers(definition, target, SHAPE, capture({})) as [[string, { type: string }]];
  expect([pointer, geometry.type]).toEqual(['/fields/2/outline', 'Polygon']);
  expect(described({})).toEqual({ '/fields/2/grid': undefined, '/fields/2/way': 'walked', '/fields/2/error_m': 3.1 });
  const sheet = { zone: { code: 'EPSG:5897', name: '', meridian: 105, scale: 0.9999 }, corners: [{ east: 1, north: 2 }] } as Capture['sheet'];
  expect(described({ method: 'sheet', accuracy: null, sheet })).toEqual({ '/fields/2/grid': 'EPSG:5897', '/fields/2/way': 'sheet', '/fields/2/error_m': undefined });
});

it('a way of taking that the list does not have is left out', () => {
  expect(described({ method: 'tapped' })['/fields/2/way']).toBeUndefined();
});

it('what was only looked at stays as it was recorded', () => {
  expect(boundaryAnswers(definition, target, SHAPE, capture({ method: null }))).toEqual([]);
  const home = { item: { ...item, describedBy: { ...item.describedBy, accuracy: 'home_error_m' } }, pointer: '/home' };
  const record = { home: { type: 'Point', coordinates: [105.1, 18.2] } };
  expect(positionAnswers(record, home, [105.1, 18.2], 4)).toEqual([]);
  expect(positionAnswers(record, home, [105.2, 18.2], 4.04)).toEqual([['/home', { type: 'Point', coordinates: [105.2, 18.2] }], ['/home_error_m', 4]]);
});
