// A commune's border on the phone: how it is read from the register's GeoJSON, and how far outside it a position lies.
import { isObject, textAt } from '../record/household';
import { distance, isOnLand, type Ring, type Shape } from './shape';
import type { LonLat } from './vn2000';

export interface Border {
  code: string;
  /** With its kind: "xã Kim Liên". */
  name: string;
  /** Polygons of open rings; the first ring of each is its shell, the others are holes. */
  polygons: Shape;
  /** How far in metres this line may be from the exact one. */
  tolerance: number;
  /** How far outside a parcel may lie before the register says so. */
  tolerated: number;
}

/** The border in a response of GET /v1/units/{code}/border; null for anything else. */
export function readBorder(body: unknown): Border | null {
  if (!isObject(body) || !isObject(body['properties']) || !isObject(body['geometry'])) return null;
  const { properties, geometry } = body;
  const coordinates = geometry['coordinates'];
  if (!Array.isArray(coordinates)) return null;
  const polygons = (geometry['type'] === 'MultiPolygon' ? coordinates : [coordinates]) as LonLat[][][];
  return {
    code: textAt(properties, 'code'),
    name: `${textAt(properties, 'kind')} ${textAt(properties, 'name')}`,
    polygons: polygons.map((rings) => rings.map((ring) => ring.slice(0, -1))),
    tolerance: Number(properties['tolerance_m'] ?? 0),
    tolerated: Number(properties['tolerated_outside_m'] ?? 100),
  };
}

/** Metres from the border if the position lies outside by more than the tolerance and the error of the line; else 0. */
export function metresOutside(border: Border, position: LonLat): number {
  if (isOnLand(border.polygons, position)) return 0;
  const metres = Math.min(...border.polygons.flat().map((ring) => distanceTo(ring, position)));
  return metres > border.tolerated + border.tolerance ? metres : 0;
}

/** Metres from a position to the nearest point of a ring's line. */
function distanceTo(ring: Ring, position: LonLat): number {
  // In a plane around the position: exact near it, where it matters.
  const north = distance(position, [position[0], position[1] + 0.001]) * 1000;
  const east = distance(position, [position[0] + 0.001, position[1]]) * 1000;
  const flat = ring.map(([lon, lat]) => [(lon - position[0]) * east, (lat - position[1]) * north] as const);
  let nearest = Number.POSITIVE_INFINITY;
  flat.forEach(([x1, y1], index) => {
    const [x2, y2] = flat[(index + 1) % flat.length]!;
    const [dx, dy] = [x2 - x1, y2 - y1];
    const along = dx === 0 && dy === 0 ? 0 : Math.min(1, Math.max(0, -(x1 * dx + y1 * dy) / (dx * dx + dy * dy)));
    nearest = Math.min(nearest, Math.hypot(x1 + along * dx, y1 + along * dy));
  });
  return nearest;
}

/** A position on the land, by the same rule as the register's: the middle of the widest cut of any part at half the part's height. */
export function positionInside(shape: Shape): LonLat {
  const cuts = shape.map(widestCut);
  return cuts.reduce((best, cut) => (cut.width > best.width ? cut : best)).middle;
}

function widestCut(rings: Ring[]): { middle: LonLat; width: number } {
  const latitudes = rings.flat().map(([, lat]) => lat);
  const [lowest, highest] = [Math.min(...latitudes), Math.max(...latitudes)];
  const middle = (lowest + highest) / 2;
  // Between the corners nearest to half the height, so that no corner lies on the cut.
  const below = Math.max(lowest, ...latitudes.filter((lat) => lat <= middle));
  const above = Math.min(highest, ...latitudes.filter((lat) => lat > middle));
  const cut = (below + above) / 2;
  const crossings = rings.flatMap((ring) =>
    ring.flatMap(([x1, y1], index) => {
      const [x2, y2] = ring[(index + 1) % ring.length]!;
      return y1 > cut !== y2 > cut ? [x1 + ((cut - y1) * (x2 - x1)) / (y2 - y1)] : [];
    }),
  );
  crossings.sort((one, other) => one - other);
  const fallback = crossings[0] ?? rings[0]![0]![0];
  let best: [number, number] = [fallback, fallback];
  for (let at = 0; at + 1 < crossings.length; at += 2) {
    if (crossings[at + 1]! - crossings[at]! > best[1] - best[0]) best = [crossings[at]!, crossings[at + 1]!];
  }
  return { middle: [(best[0] + best[1]) / 2, cut], width: best[1] - best[0] };
}
