// Cutting off what was walked beyond the beginning: of a line that crosses itself, the loop that is the field.
import { areaOf, crossing, type Ring } from '../geometry/shape';
import type { LonLat } from '../geometry/vn2000';

/** A line that crosses itself more often than this is no walk around a field. */
const MOST_CUTS = 6;

/** The largest loop of a ring that crosses itself; null where it does not, or where no loop is whole. */
export function withoutOverrun(ring: Ring): Ring | null {
  if (ring.length < 4 || crossing(ring) === null) return null;
  const found = loops(ring, MOST_CUTS);
  return found.reduce<Ring | null>((best, loop) => (best === null || areaOf(loop) > areaOf(best) ? loop : best), null);
}

function loops(ring: Ring, cutsLeft: number): Ring[] {
  if (ring.length < 3) return [];
  const crossed = crossing(ring);
  if (crossed === null) return [ring];
  if (cutsLeft === 0) return [];
  const [i, j] = crossed;
  const meeting = meetingOf(ring[i]!, ring[(i + 1) % ring.length]!, ring[j]!, ring[(j + 1) % ring.length]!);
  const inner = distinct([meeting, ...ring.slice(i + 1, j + 1)]);
  const outer = distinct([meeting, ...ring.slice(j + 1), ...ring.slice(0, i + 1)]);
  // The cut must remove something: otherwise it would be repeated for ever.
  return [inner, outer].filter((each) => each.length < ring.length + 1 && !sameRing(each, ring)).flatMap((each) => loops(each, cutsLeft - 1));
}

/** Where two edges meet; of edges in one line, an end of one that lies on the other. */
function meetingOf(a: LonLat, b: LonLat, c: LonLat, d: LonLat): LonLat {
  const across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0]);
  if (across !== 0) {
    const share = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across;
    return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
  }
  const between = (point: LonLat): boolean => [0, 1].every((axis) => Math.min(a[axis]!, b[axis]!) <= point[axis]! && point[axis]! <= Math.max(a[axis]!, b[axis]!));
  return between(d) ? d : between(c) ? c : b;
}

function distinct(ring: Ring): Ring {
  return ring.filter((point, index) => {
    const before = ring[(index + ring.length - 1) % ring.length]!;
    return ring.length === 1 || point[0] !== before[0] || point[1] !== before[1];
  });
}

function sameRing(one: Ring, other: Ring): boolean {
  return one.length === other.length && one.every((point) => other.some((each) => each[0] === point[0] && each[1] === point[1]));
}
