// The area that two parcels have in common: their rings are cut into triangles, and each triangle of one is clipped by each of the other.
import { areaOf, type Ring, type Shape } from './shape';
import type { LonLat } from './vn2000';

type Triangle = [LonLat, LonLat, LonLat];

/** m² of land that lie in both: what their shells have in common, without what a hole of either takes away. */
export function commonArea(one: Shape, other: Shape): number {
  const signed = (shape: Shape): { ring: Ring; sign: number }[] => shape.flatMap((rings) => rings.map((ring, index) => ({ ring, sign: index === 0 ? 1 : -1 })));
  const others = signed(other);
  return signed(one).reduce((sum, mine) => sum + others.reduce((inner, theirs) => inner + mine.sign * theirs.sign * commonOfRings(mine.ring, theirs.ring), 0), 0);
}

/** m² that lie in both rings. Both are simple; which way they turn does not matter. */
function commonOfRings(one: Ring, other: Ring): number {
  if (apart(one, other)) return 0;
  const others = triangles(other);
  return triangles(one).reduce((sum, triangle) => sum + others.reduce((inner, each) => inner + areaOf(clip(triangle, each)), 0), 0);
}

function apart(one: Ring, other: Ring): boolean {
  return [0, 1].some((axis) => {
    const [mine, theirs] = [one, other].map((ring) => ring.map((point) => point[axis as 0 | 1])) as [number[], number[]];
    return Math.max(...mine) <= Math.min(...theirs) || Math.max(...theirs) <= Math.min(...mine);
  });
}

function turn(a: LonLat, b: LonLat, c: LonLat): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** Ear clipping: a simple ring of n corners becomes n − 2 counter-clockwise triangles. */
function triangles(ring: Ring): Triangle[] {
  const signed = ring.reduce((sum, point, index) => sum + turn(ring[0]!, point, ring[(index + 1) % ring.length]!), 0);
  const rest = signed < 0 ? [...ring].reverse() : [...ring];
  const found: Triangle[] = [];
  while (rest.length > 3) {
    const ear = rest.findIndex((corner, index) => {
      const before = rest[(index + rest.length - 1) % rest.length]!;
      const after = rest[(index + 1) % rest.length]!;
      return turn(before, corner, after) > 0 && !rest.some((point) => point !== before && point !== corner && point !== after && inside(point, before, corner, after));
    });
    // Corners in one line have no ear: taking one away changes no area.
    const at = ear < 0 ? 0 : ear;
    if (ear >= 0) found.push([rest[(at + rest.length - 1) % rest.length]!, rest[at]!, rest[(at + 1) % rest.length]!]);
    rest.splice(at, 1);
  }
  if (rest.length === 3 && turn(rest[0]!, rest[1]!, rest[2]!) > 0) found.push([rest[0]!, rest[1]!, rest[2]!]);
  return found;
}

function inside(point: LonLat, a: LonLat, b: LonLat, c: LonLat): boolean {
  return turn(a, b, point) >= 0 && turn(b, c, point) >= 0 && turn(c, a, point) >= 0;
}

/** Sutherland–Hodgman: what of `subject` lies inside the counter-clockwise triangle `window`. */
function clip(subject: Triangle, window: Triangle): Ring {
  let result: Ring = subject;
  window.forEach((from, index) => {
    const to = window[(index + 1) % 3]!;
    const clipped: Ring = [];
    result.forEach((point, at) => {
      const before = result[(at + result.length - 1) % result.length]!;
      const [here, there] = [turn(from, to, point), turn(from, to, before)];
      if (here >= 0 !== there >= 0) {
        const share = there / (there - here);
        clipped.push([before[0] + (point[0] - before[0]) * share, before[1] + (point[1] - before[1]) * share]);
      }
      if (here >= 0) clipped.push(point);
    });
    result = clipped;
  });
  return result;
}
