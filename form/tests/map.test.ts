// The map's arithmetic, held to numbers that PROJ and GeographicLib give (pyproj 3.7).
import { describe, expect, it } from 'vitest';
import { metresOutside, placeInside, readBorder, type Border } from '../src/map/border';
import { overlapArea } from '../src/map/neighbours';
import { commonArea } from '../src/map/overlap';
import { areaOf, contains, crossing, distance, fromPolygon, toPolygon, type Ring } from '../src/map/shape';
import { fromGrid, readSheet, toGrid } from '../src/map/vn2000';
import { MOST_TILES, planTiles, tileAt } from '../src/sync/tiles';
import { average, corners, minutesMissed, step, takeBack, type Walk } from '../src/map/walk';

const field: Ring = [[105.66, 18.69], [105.6612, 18.6901], [105.6611, 18.6911], [105.66, 18.6909]];

const ZONE = { code: 'EPSG:9208', name: 'VN-2000 / TM-3 104°45′', meridian: 104.75, scale: 0.9999 };

describe('VN-2000 / TM-3 104°45′', () => {
  it.each([
    [598041.942, 2066361.038, 105.6813000041333, 18.679599996230692],
    [420000, 2100000, 103.99207859900909, 18.984293063359974],
    [650000, 2050000, 106.17254382169955, 18.52872756326586],
    [500000, 2150000, 104.75186577544838, 19.437584725518057],
  ])('reads E %f N %f as PROJ does, to a millimetre', (east, north, longitude, latitude) => {
    const [lon, lat] = fromGrid({ east, north }, ZONE);
    expect(lon).toBeCloseTo(longitude, 8);
    expect(lat).toBeCloseTo(latitude, 8);
  });

  it('goes back to the same metres', () => {
    const { east, north } = toGrid([105.6813, 18.6796], ZONE);
    expect(east).toBeCloseTo(598041.942, 2);
    expect(north).toBeCloseTo(2066361.038, 2);
  });

  it.each([
    ['VN-2000 / TM-3 105°30′', 105.5, 0.9999, 542681.976, 2028878.62],
    ['VN-2000 / UTM 48N', 105, 0.9996, 595499.873, 2028459.648],
  ])('reads %s with its own meridian and scale', (name, meridian, scale, east, north) => {
    const zone = { code: '', name, meridian, scale };
    const [longitude, latitude] = fromGrid({ east, north }, zone);
    expect(longitude).toBeCloseTo(105.9057, 7);
    expect(latitude).toBeCloseTo(18.3428, 7);
    expect(toGrid([105.9057, 18.3428], zone).east).toBeCloseTo(east, 2);
  });

  it('reads a sheet whichever column comes first and however thousands are written', () => {
    const { points, wrongLines } = readSheet('1  2066361.038 598041.942\n598.041,942 2.066.361,038\n\nabc');
    expect(points).toEqual([
      { east: 598041.942, north: 2066361.038 },
      { east: 598041.942, north: 2066361.038 },
    ]);
    expect(wrongLines).toEqual([4]);
  });
});

describe('a boundary', () => {
  it('has the geodesic area', () => {
    expect(areaOf(field) / 12843.577937085181).toBeCloseTo(1, 5);
  });

  it('has geodesic lengths', () => {
    expect(distance(field[0]!, field[1]!)).toBeCloseTo(127.06553864180863, 2);
  });

  it('is simple, whichever way it turns', () => {
    expect(crossing(field)).toBeNull();
    expect(crossing([...field].reverse())).toBeNull();
  });

  it('crosses itself when two corners change places', () => {
    expect(crossing([field[0]!, field[2]!, field[1]!, field[3]!])).not.toBeNull();
  });

  it('is refused when it folds back over itself', () => {
    expect(crossing([[105, 18], [105.002, 18], [105.001, 18], [105.001, 18.001]])).not.toBeNull();
  });

  it('becomes a closed counter-clockwise polygon and comes back', () => {
    const polygon = toPolygon([...field].reverse());
    expect(polygon.coordinates[0]![0]).toEqual(polygon.coordinates[0]!.at(-1));
    expect(new Set(fromPolygon(polygon).map(String))).toEqual(new Set(field.map(String)));
  });

  it('contains its middle and not its neighbour', () => {
    expect(contains(field, [105.6605, 18.6905])).toBe(true);
    expect(contains(field, [105.6705, 18.6905])).toBe(false);
  });
});

describe('two parcels', () => {
  const square = (west: number, south: number, side = 0.001): Ring => [[west, south], [west + side, south], [west + side, south + side], [west, south + side]];
  const neighbour = (ring: Ring) => [{ household: 'other', name: '12/345', ring }];

  it('are reported when a fifth lies over the other, not when borders measured twice differ', () => {
    const own = square(105, 18);
    expect(overlapArea(own, neighbour(square(105.0008, 18))) / areaOf(own)).toBeCloseTo(0.2, 3);
    expect(overlapArea(own, neighbour(square(105.00096, 18)))).toBe(0);
    // A strip of four metres along a hundred: more than a twentieth of a narrow field, and still only a border.
    const narrow: Ring = [[105, 18], [105.001, 18], [105.001, 18.0003], [105, 18.0003]];
    expect(overlapArea(narrow, neighbour(square(105, 18.00027)))).toBe(0);
    expect(overlapArea(narrow, neighbour(square(105, 18.00022)))).toBeGreaterThan(800);
  });

  const hook: Ring = [[105, 18], [105.003, 18], [105.003, 18.003], [105.002, 18.003], [105.002, 18.001], [105, 18.001]];

  it('have nothing in common when they only share a border', () => {
    expect(commonArea(square(105, 18), square(105.001, 18))).toBeCloseTo(0, 6);
  });

  it('have a quarter in common when one is moved by half, whichever way they turn', () => {
    const moved = square(105.0005, 18.0005).reverse();
    expect(commonArea(square(105, 18), moved) / areaOf(square(105, 18))).toBeCloseTo(0.25, 4);
  });

  it('have all of the smaller in common when it lies inside, also in a hook', () => {
    const small = square(105.0022, 18.002, 0.0005);
    expect(commonArea(hook, small) / areaOf(small)).toBeCloseTo(1, 4);
    expect(commonArea(hook, square(105.0005, 18.002))).toBe(0);
  });
});

describe('the border of a commune', () => {
  const shell = [[105.66, 18.69], [105.69, 18.69], [105.69, 18.71], [105.66, 18.71], [105.66, 18.69]];
  const pond = [[105.67, 18.695], [105.68, 18.695], [105.68, 18.705], [105.67, 18.705], [105.67, 18.695]];
  const responseOf = (coordinates: unknown, type = 'Polygon') => ({
    type: 'Feature', geometry: { type, coordinates }, properties: { code: '16681', kind: 'phường', name: 'Thành Vinh', tolerance_m: 10, tolerated_outside_m: 100 },
  });
  const border = readBorder(responseOf([shell])) as Border;

  it('is read with its name, its holes and its parts', () => {
    expect([border.name, border.tolerance, border.tolerated]).toEqual(['phường Thành Vinh', 10, 100]);
    expect(readBorder(responseOf([[shell, pond], [pond]], 'MultiPolygon'))!.polygons.map((rings) => rings.length)).toEqual([2, 1]);
    expect(readBorder({ type: 'Feature', geometry: null, properties: {} })).toBeNull();
    expect(readBorder('<html>')).toBeNull();
  });

  it.each([
    [105.695, 18.7, 527.407],
    [105.65, 18.68, 1529.057],
  ])('is as far from %f %f as the register says', (lon, lat, metres) => {
    expect(metresOutside(border, [lon, lat]) / metres).toBeCloseTo(1, 2);
  });

  it('says nothing inside, within tolerance, or where the simpler line leaves a doubt', () => {
    expect(metresOutside(border, [105.67, 18.7])).toBe(0);
    expect(metresOutside(border, [105.67, 18.6893])).toBe(0); // 78 m
    expect(metresOutside(border, [105.67, 18.68905])).toBe(0); // 105 m: less than a hundred beyond the exact line, perhaps
    expect(metresOutside(border, [105.67, 18.6889])).toBeGreaterThan(110);
  });

  it('has the inside of its holes outside', () => {
    expect(metresOutside(readBorder(responseOf([shell, pond]))!, [105.675, 18.7])).toBeGreaterThan(500);
  });

  it('judges a parcel by the place that the register judges it by', () => {
    expect(placeInside(field)).toEqual([expect.closeTo(105.66058, 9), expect.closeTo(18.6905, 9)]);
    const hooked: Ring = [[105.66, 18.69], [105.663, 18.69], [105.663, 18.6905], [105.6605, 18.6905], [105.6605, 18.693], [105.66, 18.693]];
    expect(placeInside(hooked)).toEqual([expect.closeTo(105.66025, 9), expect.closeTo(18.69175, 9)]);
  });

  describe('and its tiles', () => {
    const template = 'https://{s}.tiles.example/{z}/{x}/{y}.png';
    const near = `https://a.tiles.example/17/${tileAt(105.6605, 18.6905, 17).join('/')}.png`;
    const household = { parcels: [{ geometry: toPolygon(field) }] };

    it('are all of the commune, coarse ones first', () => {
      const { addresses, fieldsOnly } = planTiles(template, border, []);
      expect(addresses[0]).toMatch(/^https:\/\/a\.tiles\.example\/12\//);
      expect(addresses).toContain(near);
      expect(fieldsOnly).toBe(false);
    });

    it('are those around the fields where the commune is too large, and never more than the bound', () => {
      const large: Border = { ...border, polygons: [[[[105, 18.5], [105.5, 18.5], [105.5, 19], [105, 19]]]] };
      const plan = planTiles(template, large, [household]);
      expect(plan.addresses).toContain(near);
      expect(plan.fieldsOnly).toBe(true);
      expect(plan.addresses.length).toBeLessThanOrEqual(MOST_TILES);
      const everywhere = Array.from({ length: 3000 }, (_, place) => ({ location: { type: 'Point', coordinates: [105 + place / 1000, 18.7] } }));
      expect(planTiles(template, null, everywhere).addresses).toHaveLength(MOST_TILES);
    });

    it('are those around the fields without a border, and none without either', () => {
      expect(planTiles(template, null, [household]).addresses).toContain(near);
      expect(planTiles(template, null, []).addresses).toEqual([]);
      expect(tileAt(0, 0, 1)).toEqual([1, 1]);
    });
  });
});

describe('walking', () => {
  const start: Walk = { state: 'walking', points: [[105.66, 18.69]], lastTime: 0 };

  it('takes a point after enough metres and seconds', () => {
    expect(step(start, { position: [105.6601, 18.69], accuracy: 5, time: 5000 }).points).toHaveLength(2);
  });

  it.each([
    ['stands still', { position: [105.66001, 18.69], accuracy: 5, time: 5000 }],
    ['comes too soon', { position: [105.6601, 18.69], accuracy: 5, time: 500 }],
    ['is not sure', { position: [105.6601, 18.69], accuracy: 80, time: 5000 }],
  ])('takes none when the phone %s', (_why, fix) => {
    expect(step(start, fix as Parameters<typeof step>[1])).toBe(start);
  });

  it('does not take a point again that was taken back, but the next one', () => {
    const longer = step(start, { position: [105.6601, 18.69], accuracy: 5, time: 5000 });
    const back = takeBack(longer);
    expect(back.points).toEqual(start.points);
    expect(step(back, { position: [105.6601, 18.69], accuracy: 5, time: 9000 })).toBe(back);
    expect(step(back, { position: [105.6602, 18.69], accuracy: 5, time: 9000 }).points).toHaveLength(2);
  });

  it('knows when a part was walked while the phone saw nothing', () => {
    const seen: Walk = { ...start, seenAt: 1_000_000 };
    const far = { position: [105.661, 18.69] as [number, number], accuracy: 5, time: 0 };
    expect(minutesMissed(seen, far, 1_000_000 + 180_000)).toBe(3);
    expect(minutesMissed(seen, far, 1_000_000 + 20_000)).toBe(0);
    expect(minutesMissed(seen, { ...far, position: [105.6601, 18.69] }, 1_000_000 + 180_000)).toBe(0);
    expect(minutesMissed({ ...seen, state: 'paused' }, far, 1_000_000 + 180_000)).toBe(0);
  });

  it('takes none while paused', () => {
    const paused: Walk = { ...start, state: 'paused' };
    expect(step(paused, { position: [105.6601, 18.69], accuracy: 5, time: 5000 })).toBe(paused);
  });

  it('trusts a good fix more than a bad one, and never claims more than half the best', () => {
    const fixes = Array.from({ length: 50 }, () => ({ position: [105, 18] as [number, number], accuracy: 4, time: 0 }));
    const mean = average([...fixes, { position: [105.001, 18], accuracy: 40, time: 0 }])!;
    expect(mean.position[0]).toBeLessThan(105.00001);
    expect(mean.accuracy).toBe(2);
  });

  it('keeps the corners of a straight walk and drops what lies between', () => {
    const line: Ring = Array.from({ length: 20 }, (_, index) => [105.66 + index * 0.0001, 18.69]);
    expect(corners([...line, [105.6619, 18.692]], 1)).toHaveLength(3);
  });
});
