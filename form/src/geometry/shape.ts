// Measuring and checking a drawn boundary on the phone; the register's own check decides.
import type { LonLat } from './vn2000';

const A = 6378137;
const F = 1 / 298.257223563;
const E = Math.sqrt(F * (2 - F));
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** An open ring: its last point is joined to its first. */
export type Ring = LonLat[];

/** Twice the area of a strip of one radian from the equator to the latitude, over A² (authalic function). */
function authalic(latitude: number): number {
  const s = Math.sin(radians(latitude));
  return (1 - E * E) * (s / (1 - E * E * s * s) - Math.log((1 - E * s) / (1 + E * s)) / (2 * E));
}

/** Area on the WGS 84 ellipsoid in m². Edges are straight in an equal-area projection: within 1 in a million of the geodesic one for parcels. */
export function areaOf(ring: Ring): number {
  const origin = ring[0];
  if (!origin || ring.length < 3) return 0;
  const base = authalic(origin[1]);
  const flat = ring.map(([lon, lat]) => [radians(lon - origin[0]), authalic(lat) - base] as const);
  let twice = 0;
  flat.forEach(([x, y], index) => {
    const [nextX, nextY] = flat[(index + 1) % flat.length]!;
    twice += x * nextY - nextX * y;
  });
  return (Math.abs(twice) / 2) * (A * A) / 2;
}

/** Metres between two near positions on the ellipsoid (error under 1 mm in a kilometre here). */
export function distance([lon1, lat1]: LonLat, [lon2, lat2]: LonLat): number {
  const middle = radians((lat1 + lat2) / 2);
  const w = 1 - E * E * Math.sin(middle) ** 2;
  const east = radians(lon2 - lon1) * Math.cos(middle) * (A / Math.sqrt(w));
  const north = radians(lat2 - lat1) * ((A * (1 - E * E)) / w ** 1.5);
  return Math.hypot(east, north);
}

function side(a: LonLat, b: LonLat, c: LonLat): number {
  return Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
}

function within(a: LonLat, b: LonLat, c: LonLat): boolean {
  return (
    Math.min(a[0], b[0]) <= c[0] && c[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= c[1] && c[1] <= Math.max(a[1], b[1])
  );
}

function meet(a: LonLat, b: LonLat, c: LonLat, d: LonLat): boolean {
  const [c1, d1, a1, b1] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  if (c1 !== d1 && a1 !== b1) return true;
  return (c1 === 0 && within(a, b, c)) || (d1 === 0 && within(a, b, d)) || (a1 === 0 && within(c, d, a)) || (b1 === 0 && within(c, d, b));
}

/** The first two edges that cross or touch, by the index of their first point; null for a simple ring. */
export function crossing(ring: Ring): [number, number] | null {
  const count = ring.length;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const a = ring[i]!;
      const b = ring[(i + 1) % count]!;
      const c = ring[j]!;
      const d = ring[(j + 1) % count]!;
      if (j === i + 1 || (i === 0 && j === count - 1)) {
        // Neighbouring edges share a point; they are wrong only when one folds back over the other.
        const [shared, before, after] = j === i + 1 ? [b, a, d] : [a, b, c];
        if (count > 2 && side(before, shared, after) === 0 && (within(shared, before, after) || within(shared, after, before))) return [i, j];
      } else if (meet(a, b, c, d)) {
        return [i, j];
      }
    }
  }
  return null;
}

/** Whether the position lies inside the ring. */
export function contains(ring: Ring, [x, y]: LonLat): boolean {
  let inside = false;
  ring.forEach(([xi, yi], index) => {
    const [xj, yj] = ring[(index + ring.length - 1) % ring.length]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  });
  return inside;
}

/** Land as GeoJSON has it: polygons of open rings, the first of each its shell, the others holes in it. */
export type Shape = Ring[][];

/** Area of the land: shells without their holes. */
export function areaOfShape(shape: Shape): number {
  return shape.reduce((sum, [shell = [], ...holes]) => sum + areaOf(shell) - holes.reduce((inner, hole) => inner + areaOf(hole), 0), 0);
}

/** Whether the position lies on the land. */
export function isOnLand(shape: Shape, position: LonLat): boolean {
  return shape.some(([shell = [], ...holes]) => contains(shell, position) && !holes.some((hole) => contains(hole, position)));
}

/** Whether a ring crosses itself or another one. Rings may touch in a point. */
export function isTangled(shape: Shape): boolean {
  const rings = shape.flat();
  if (rings.some((ring) => ring.length > 2 && crossing(ring) !== null)) return true;
  return rings.some((one, at) => rings.slice(at + 1).some((other) => edgesOf(one).some(([a, b]) => edgesOf(other).some(([c, d]) => pass(a, b, c, d)))));
}

function edgesOf(ring: Ring): [LonLat, LonLat][] {
  return ring.map((point, index) => [point, ring[(index + 1) % ring.length]!]);
}

/** Whether two edges pass through each other; touching is not passing. */
function pass(a: LonLat, b: LonLat, c: LonLat, d: LonLat): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** The land of a GeoJSON polygon or of several; empty when the value is none. */
export function fromGeometry(value: unknown): Shape {
  const geometry = value as { type?: unknown; coordinates?: unknown } | null | undefined;
  if (!Array.isArray(geometry?.coordinates)) return [];
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.type === 'MultiPolygon' ? geometry.coordinates : [];
  const shape = (polygons as LonLat[][][]).map((rings) => rings.map((ring) => ring.slice(0, -1).map(([lon, lat]): LonLat => [lon, lat])));
  return shape.filter(([shell]) => shell !== undefined && shell.length > 2);
}

/** GeoJSON of the land: rings closed, shells counter-clockwise and holes clockwise, to 7 decimals (a centimetre). */
export function toGeometry(shape: Shape): { type: 'Polygon'; coordinates: number[][][] } | { type: 'MultiPolygon'; coordinates: number[][][][] } {
  const polygons = shape.map((rings) => rings.map((ring, index) => closed(ring.map(([lon, lat]) => [round(lon), round(lat)]), index === 0)));
  return polygons.length === 1 ? { type: 'Polygon', coordinates: polygons[0]! } : { type: 'MultiPolygon', coordinates: polygons };
}

function closed(ring: Ring, counterClockwise: boolean): Ring {
  const turned = ring.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = ring[(index + 1) % ring.length]!;
    return sum + x * nextY - nextX * y;
  }, 0);
  const right = turned > 0 === counterClockwise ? ring : [...ring].reverse();
  return [...right, right[0]!];
}

function round(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}
