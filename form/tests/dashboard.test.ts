// The coverage map: classes, paths, and where the arrow keys lead.
import { describe, expect, it } from 'vitest';
import { classOf, drawing, neighbourOf, WIDTH } from '../src/dashboard/drawing';

const square = (west: number, south: number): number[][] => [[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]];
const feature = (unit: string | null, ring: number[][] | null, type = 'Polygon') => ({
  type: 'Feature', geometry: ring && { type, coordinates: type === 'Polygon' ? [ring] : [[ring], [ring]] }, properties: { unit, name: unit },
});
const map = drawing({ type: 'FeatureCollection', features: [feature('west', square(104, 18)), feature('east', square(105, 18), 'MultiPolygon'), feature('north', square(104, 19)), feature(null, null)] })!;

describe('the coverage map', () => {
  it.each([[null, null], [0, 0], [19.9, 0], [20, 1], [79.9, 3], [80, 4], [130, 4]])('puts %s per cent into class %s', (share, expected) => {
    expect(classOf(share)).toBe(expected);
  });

  it('draws what has a boundary, north up, as wide as the drawing', () => {
    expect(map.shapes.map(({ unit }) => unit)).toEqual(['west', 'east', 'north']);
    const numbers = map.shapes.flatMap(({ path }) => [...path.matchAll(/([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const));
    expect(Math.max(...numbers.map(([x]) => x))).toBe(WIDTH - 8);
    expect(Math.max(...numbers.map(([, y]) => y))).toBeCloseTo(map.height - 8, -0.5);
    expect(map.shapes[2]!.y).toBeLessThan(map.shapes[0]!.y);
    expect(map.shapes[1]!.path.match(/M/g)).toHaveLength(2);
  });

  it('is none without boundaries, and for what is no map', () => {
    expect(drawing({ features: [feature('west', null)] })).toBeNull();
    expect(drawing('<html>')).toBeNull();
  });

  it.each([
    [null, 'ArrowRight', 'west'],
    ['west', 'ArrowRight', 'east'],
    ['west', 'ArrowUp', 'north'],
    ['north', 'ArrowDown', 'west'],
    ['east', 'ArrowRight', 'east'],
  ])('leads from %s by %s to %s', (from, key, to) => {
    expect(neighbourOf(map.shapes, from, key)!.unit).toBe(to);
  });

  it('leaves other keys alone', () => {
    expect(neighbourOf(map.shapes, 'west', 'Tab')).toBeNull();
  });
});
