// The map's arithmetic, held to numbers that PROJ and GeographicLib give (pyproj 3.7).
import { describe, expect, it } from 'vitest';
import { readLimits, USUAL_LIMITS } from '../src/definition/limits';
import { metresOutside, positionInside, readBorder, type Border } from '../src/geometry/border';
import { overlapArea } from '../src/map/neighbours';
import { commonArea } from '../src/geometry/overlap';
import { areaOf, areaOfShape, contains, crossing, distance, fromGeometry, isOnLand, isTangled, toGeometry, type Ring, type Shape } from '../src/geometry/shape';
import { forRegister, shapeOfParcel } from '../src/map/parcel-shape';
import { readSheet } from '../src/map/sheet';
import { fromGrid, toGrid } from '../src/geometry/vn2000';
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

describe('a sheet as surveyors paste it', () => {
  const FIRST = { north: 2066361.038, east: 598041.942 };
  it.each([
    '2066361.038 598041.942', '598041.942\t2066361.038', '2066361.038,598041.942', '2066361.038, 598041.942', '2066361,038;598041,942', '2066361,038 598041,942',
    '1,2066361.038,598041.942,0', '1;2066361,038;598041,942;12,5', '104756 2066361.038 598041.942', '104756 598041.942 2066361.038', '48598041.942 2066361.038',
    '2 066 361.038  598 041.942', '2.066.361,038 598.041,942', '2,066,361.038 598,041.942', 'M1 X=2066361.038m Y=598041.942m', '1 | 2066361.038 | 598041.942 | 35.27',
  ])('%s', (line) => expect(readSheet(line)).toMatchObject({ points: [FIRST], wrongLines: [] }));

  it.each(['104756 2066361 598041', '2066361,038,598041,942', '18.6796 105.6813', '2066361.038', '598041.942 598041.942', '1 598 041.942 2 066 361.038', '2066361.038 35.27 598041.942'])(
    'is explained rather than guessed at: %s',
    (line) => expect(readSheet(line)).toMatchObject({ points: [], wrongLines: [1] }),
  );

  it('may have headings, name its meridian and a zone, and end with its first corner', () => {
    const lines = ['Hệ tọa độ VN-2000, kinh tuyến trục 104°45\u2032', 'STT\tX(m)\tY(m)', '1\t2066361.038\t48598041.942', '2\t2066361.038\t48598081.942', '3\t2066391.038\t48598081.942', '1\t2066361.038\t48598041.942'];
    const sheet = readSheet(lines.join('\r\n'));
    expect(sheet).toMatchObject({ wrongLines: [], meridian: 104.75, prefix: 48 });
    expect(sheet.points).toHaveLength(3);
    expect(readSheet('2066361.038 598041.942\nSTT')).toMatchObject({ wrongLines: [2] });
  });

  it.each([
    '2\u00a0066\u00a0361,038\u00a0\u00a0598\u00a0041,942', '2\u202f066\u202f361.038;598\u202f041.942', "2'066'361.038 598'041.942", '２０６６３６１.０３８ ５９８０４１.９４２',
  ])('with blanks, digits and signs of other programs: %s', (line) => expect(readSheet(line)).toMatchObject({ points: [FIRST], wrongLines: [] }));

  it.each(['2066361.038 598041.942; 2066380 598060', 'POLYGON((598041.942 2066361.038, 598060 2066380))', '[[598041.942,2066361.038],[598060,2066380]]'])('loses none of the corners of one line: %s', (line) =>
    expect(readSheet(line)).toMatchObject({ points: [FIRST, { north: 2066380, east: 598060 }], wrongLines: [] }),
  );

  it.each(["18°40'46.56\"N 105°40'52.68\"E", 'N18.6796 E105.6813', '18,6796; 105,6813', '105.6813 18.6796'])('with degrees is explained as that: %s', (line) =>
    expect(readSheet(line)).toMatchObject({ points: [], wrongLines: [1], degrees: true, meridian: null }),
  );

  it.each([['KTT 105°30\u2032', 105.5], ['KTT: 106o15\'', 106.25], ['Kinh tuyến trục 105.5', 105.5], ["Kinh tuyến trục 105 30'", 105.5], ['kinh tuyến trục 105 độ 45', 105.75], ['KTT 107°', 107], ['Tờ bản đồ số 105', null]])(
    'names its meridian above or below: %s',
    (heading, meridian) => {
      expect(readSheet(`${heading}\n2066361.038 598041.942`)).toMatchObject({ meridian, points: [FIRST] });
      if (meridian !== null) expect(readSheet(`2066361.038 598041.942\n${heading}`)).toMatchObject({ meridian, wrongLines: [] });
    },
  );

  it('goes to the register as it stands, with its system, and comes back to the same place', () => {
    const corners = [FIRST, { north: 2066361.038, east: 598081.942 }, { north: 2066391.038, east: 598081.942 }];
    const shape: Shape = [[corners.map((corner) => fromGrid(corner, ZONE))]];
    const sent = forRegister(shape, { method: 'sheet', accuracy: null, sheet: { zone: ZONE, corners } });
    expect(sent).toMatchObject({ crs: 'EPSG:9208', geometry: { coordinates: [[[598041.942, 2066361.038], [598081.942, 2066361.038], {}, [598041.942, 2066361.038]]] } });
    expect(shapeOfParcel(sent, [ZONE])).toEqual(shape);
    expect(shapeOfParcel(sent, [])).toEqual([]);
    expect(forRegister(shape, { method: 'walked', accuracy: 4, sheet: null })).not.toHaveProperty('crs');
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
    const polygon = toGeometry([[[...field].reverse()]]) as { type: string; coordinates: number[][][] };
    expect(polygon.coordinates[0]![0]).toEqual(polygon.coordinates[0]!.at(-1));
    expect(new Set(fromGeometry(polygon)[0]![0]!.map(String))).toEqual(new Set(field.map(String)));
  });

  it('contains its middle and not its neighbour', () => {
    expect(contains(field, [105.6605, 18.6905])).toBe(true);
    expect(contains(field, [105.6705, 18.6905])).toBe(false);
  });
});

describe('two parcels', () => {
  const square = (west: number, south: number, side = 0.001): Ring => [[west, south], [west + side, south], [west + side, south + side], [west, south + side]];
  const neighbour = (ring: Ring) => [{ household: 'other', name: '12/345', shape: [[ring]] }];

  it('are reported when a fifth lies over the other, not when borders measured twice differ', () => {
    const own = square(105, 18);
    expect(overlapArea([[own]], neighbour(square(105.0008, 18)), USUAL_LIMITS) / areaOf(own)).toBeCloseTo(0.2, 3);
    expect(overlapArea([[own]], neighbour(square(105.00096, 18)), USUAL_LIMITS)).toBe(0);
    // A strip of four metres along a hundred: more than a twentieth of a narrow field, and still only a border.
    const narrow: Ring = [[105, 18], [105.001, 18], [105.001, 18.0003], [105, 18.0003]];
    expect(overlapArea([[narrow]], neighbour(square(105, 18.00027)), USUAL_LIMITS)).toBe(0);
    expect(overlapArea([[narrow]], neighbour(square(105, 18.00022)), USUAL_LIMITS)).toBeGreaterThan(800);
  });

  it('are reported by the limits of the register where its settings state others', () => {
    const own = square(105, 18);
    const overlaps = (limits: object): boolean => overlapArea([[own]], neighbour(square(105.0009, 18)), readLimits(limits)) > 0;
    expect(overlaps({})).toBe(true);
    expect(overlaps({ overlap_share: 0.2 })).toBe(false);
    expect(overlaps({ overlap_width_m: 15 })).toBe(false);
    expect(overlaps({ overlap_width_m: 15, sliver_share: 0.05 })).toBe(true);
  });

  const hook: Ring = [[105, 18], [105.003, 18], [105.003, 18.003], [105.002, 18.003], [105.002, 18.001], [105, 18.001]];

  it('have nothing in common when they only share a border', () => {
    expect(commonArea([[square(105, 18)]], [[square(105.001, 18)]])).toBeCloseTo(0, 6);
  });

  it('have a quarter in common when one is moved by half, whichever way they turn', () => {
    const moved = square(105.0005, 18.0005).reverse();
    expect(commonArea([[square(105, 18)]], [[moved]]) / areaOf(square(105, 18))).toBeCloseTo(0.25, 4);
  });

  it('have all of the smaller in common when it lies inside, also in a hook', () => {
    const small = square(105.0022, 18.002, 0.0005);
    expect(commonArea([[hook]], [[small]]) / areaOf(small)).toBeCloseTo(1, 4);
    expect(commonArea([[hook]], [[square(105.0005, 18.002)]])).toBe(0);
  });
});

describe('land with holes and in parts', () => {
  const square = (west: number, south: number, side = 0.001): Ring => [[west, south], [west + side, south], [west + side, south + side], [west, south + side]];
  const pond = square(105.0004, 18.0004, 0.0002);
  const land: Shape = [[square(105, 18), pond], [square(105.002, 18)]];
  const whole = areaOf(square(105, 18));

  it('comes back as it was, and is counted without its holes and with all its parts', () => {
    expect(fromGeometry(toGeometry(land)).map((rings) => rings.length)).toEqual([2, 1]);
    expect(toGeometry(fromGeometry(toGeometry(land)))).toEqual(toGeometry(land));
    expect(toGeometry([land[0]!]).type).toBe('Polygon');
    expect(areaOfShape(land) / whole).toBeCloseTo(2 - 0.04, 3);
    expect(fromGeometry({ type: 'Point', coordinates: [105, 18] })).toEqual([]);
  });

  it('has nothing in common with what lies in its hole, and is not there', () => {
    expect(commonArea(land, [[square(105.00045, 18.00045, 0.0001)]])).toBeCloseTo(0, 6);
    expect(commonArea(land, [[square(105, 18)]]) / whole).toBeCloseTo(0.96, 3);
    expect(commonArea([[square(105.002, 18)]], land) / whole).toBeCloseTo(1, 3);
    expect(isOnLand(land, [105.0005, 18.0005])).toBe(false);
    expect(isOnLand(land, [105.0025, 18.0005])).toBe(true);
    expect(overlapArea([[pond]], [{ household: 'other', name: '', shape: land }], USUAL_LIMITS)).toBe(0);
  });

  it('is located by a position that is on it', () => {
    expect(isOnLand(land, positionInside(land))).toBe(true);
    expect(isOnLand([land[0]!], positionInside([land[0]!]))).toBe(true);
  });

  it('is tangled where a hole crosses its shell', () => {
    expect(isTangled(land)).toBe(false);
    expect(isTangled([[square(105, 18), square(105.0009, 18.0004, 0.0002)]])).toBe(true);
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

  it('locates a parcel by the position that the register locates it by', () => {
    expect(positionInside([[field]])).toEqual([expect.closeTo(105.66058, 9), expect.closeTo(18.6905, 9)]);
    const hooked: Ring = [[105.66, 18.69], [105.663, 18.69], [105.663, 18.6905], [105.6605, 18.6905], [105.6605, 18.693], [105.66, 18.693]];
    expect(positionInside([[hooked]])).toEqual([expect.closeTo(105.66025, 9), expect.closeTo(18.69175, 9)]);
  });

  describe('and its tiles', () => {
    const template = 'https://{s}.tiles.example/{z}/{x}/{y}.png';
    const near = `https://a.tiles.example/17/${tileAt(105.6605, 18.6905, 17).join('/')}.png`;
    const household = { parcels: [{ geometry: toGeometry([[field]]) }] };

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
  const start: Walk = { state: 'walking', points: [[105.66, 18.69]], accuracies: [5], lastTime: 0, believed: { position: [105.66, 18.69], accuracy: 5, time: 0 } };
  /** Three fixes at one spot, a second apart. */
  const standing = (position: [number, number], time: number) => [0, 1, 2].map((second) => ({ position, accuracy: 5, time: time + 1000 * second }));

  it('takes a point after enough metres and seconds', () => {
    expect(step(start, { position: [105.6601, 18.69], accuracy: 5, time: 5000 }).points).toHaveLength(2);
  });

  it.each([
    ['stands still', { position: [105.66001, 18.69], accuracy: 5, time: 5000 }],
    ['comes too soon', { position: [105.6601, 18.69], accuracy: 5, time: 500 }],
    ['is not sure', { position: [105.6601, 18.69], accuracy: 80, time: 5000 }],
  ])('takes none when the phone %s', (_why, fix) => {
    expect(step(start, fix as Parameters<typeof step>[1]).points).toBe(start.points);
  });

  it('does not take a point again that was taken back, but the next one', () => {
    const longer = step(start, { position: [105.6601, 18.69], accuracy: 5, time: 5000 });
    const back = takeBack(longer);
    expect(back.points).toEqual(start.points);
    expect(standing([105.6601, 18.69], 9000).reduce(step, back).points).toBe(back.points);
    expect(standing([105.6602, 18.69], 9000).reduce(step, back).points).toHaveLength(2);
  });

  it('takes no leap for a corner where it goes on after an interruption, and loses nothing that was walked', () => {
    const back = takeBack(step(start, { position: [105.6601, 18.69], accuracy: 5, time: 5000 }));
    const leapt = step(back, { position: [105.68, 18.69], accuracy: 5, time: 8000 });
    expect(leapt.points).toBe(back.points);
    const fixes = [18.69, 18.6901, 18.6902].map((latitude, at) => ({ position: [105.6603, latitude] as [number, number], accuracy: 5, time: 9000 + 4000 * at }));
    expect(fixes.reduce(step, leapt).points).toEqual([...start.points, ...fixes.map(({ position }) => position)]);
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
