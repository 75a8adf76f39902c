// Neighbours' parcels that were taken along: those near a position, and how much a drawn boundary lies over them.
import type { Limits } from '../definition/limits';
import { listAt, textAt, type Household } from '../record/household';
import { commonArea } from '../geometry/overlap';
import { areaOfShape, distance, fromGeometry, isOnLand, type Shape } from '../geometry/shape';
import type { LonLat } from '../geometry/vn2000';

export interface Neighbour {
  household: string;
  name: string;
  shape: Shape;
}

/** Parcels of other households with a corner within `metres` of `position`. */
export function parcelsNear(households: Iterable<Household>, own: string, position: LonLat, metres: number): Neighbour[] {
  const found: Neighbour[] = [];
  for (const household of households) {
    if (household['id'] === own) continue;
    for (const parcel of listAt(household, 'parcels')) {
      const shape = fromGeometry(parcel['geometry']);
      if (shape.flat(2).some((corner) => distance(corner, position) < metres)) {
        const name = [textAt(parcel, 'map_sheet'), textAt(parcel, 'parcel_number')].filter(Boolean).join('/');
        found.push({ household: textAt(household, 'id'), name, shape });
      }
    }
  }
  return found;
}

/** The neighbours with those of `more` whose household is not among them; the same list where there is nothing to add. */
export function withNeighbours(known: readonly Neighbour[], more: readonly Neighbour[]): readonly Neighbour[] {
  const households = new Set(known.map(({ household }) => household));
  const added = more.filter(({ household }) => !households.has(household));
  return added.length > 0 ? [...known, ...added] : known;
}

/** m² of `shape` that lie inside neighbours beyond what borders measured twice differ by. Its rings must be simple. */
export function overlapArea(shape: Shape, neighbours: readonly Neighbour[], limits: Limits): number {
  return neighbours.reduce((sum, neighbour) => {
    const common = commonArea(shape, neighbour.shape);
    const share = common <= 0 ? 0 : common / Math.min(areaOfShape(shape), areaOfShape(neighbour.shape));
    const strip = share <= limits.sliverShare && common <= limits.overlapWidthMetres * lengthInside(shape, neighbour.shape);
    return share <= limits.overlapShare || strip ? sum : sum + common;
  }, 0);
}

/** Metres of the shape's lines that run inside the other shape. */
function lengthInside(shape: Shape, other: Shape): number {
  const edges = other.flat().flatMap((ring) => ring.map((from, index) => [from, ring[(index + 1) % ring.length]!] as const));
  let metres = 0;
  for (const [ring, index] of shape.flat().flatMap((each) => each.map((_, at) => [each, at] as const))) {
    const from = ring[index]!;
    const to = ring[(index + 1) % ring.length]!;
    const at = (share: number): LonLat => [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    const cuts = [0, 1];
    for (const [one, two] of edges) {
      const share = meetingShare(from, to, one, two);
      if (share !== null) cuts.push(share);
    }
    cuts.sort((one, two) => one - two);
    cuts.slice(1).forEach((end, index) => {
      const begin = cuts[index]!;
      if (isOnLand(other, at((begin + end) / 2))) metres += distance(at(begin), at(end));
    });
  }
  return metres;
}

/** How far along from a to b the line c–d is crossed, 0 to 1; null where it is not. */
function meetingShare(a: LonLat, b: LonLat, c: LonLat, d: LonLat): number | null {
  const across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0]);
  if (across === 0) return null;
  const mine = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across;
  const theirs = ((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])) / across;
  return mine > 0 && mine < 1 && theirs >= 0 && theirs <= 1 ? mine : null;
}
